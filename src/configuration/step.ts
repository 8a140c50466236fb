import { isDeepStrictEqual } from 'node:util';
import type { Answer } from '../api/route.ts';
import { DomainError, type Issue } from '../domain_error.ts';
import { bodyOfFile } from './administrators_pool.ts';
import { foundFrom, identified, nameOf, type Current, type Found } from './current.ts';
import type { Body, Place } from './kind.ts';
import type { Problem } from './problem.ts';
import type { Wanted } from './wanted.ts';

/** A secret that was made because no file gave one, in the one moment that it can be shown. */
export type ShownSecret = { readonly object: string; readonly field: string; readonly secret: string };

/** What a step has come to. `keep` false: it changed nothing, and leaves no trace. */
export type Done = {
  readonly keep: boolean;
  readonly found?: Found;
  readonly shown: readonly ShownSecret[];
  /** The fields whose secret was replaced. */
  readonly secrets: readonly string[];
};

/** One object to be written or deleted. */
export type Step = {
  readonly name: string;
  /** What it is part of and is not there yet: without it, it cannot be. */
  readonly parents: readonly string[];
  readonly run: () => Promise<Done>;
  /** Makes room for the others where all of them wait for each other; as good as `run` is later. */
  readonly widen?: () => Promise<Done>;
  readonly problem: (issue: Issue) => Problem;
};

/** Writes what a file wants in the place of what was there before. Undefined when they are the same. */
export async function writeStep(place: Place, wanted: Wanted, before: Current): Promise<Step | undefined> {
  const { kind, key, problem } = wanted;
  const current = before.get(nameOf(wanted));
  const replaced = await replacedSecrets(place, wanted, current);
  if (current !== undefined && replaced.length === 0 && isDeepStrictEqual(current.body, wanted.body)) {
    return undefined;
  }
  let version = current?.version;
  const put = async (body: Body): Promise<Done> => {
    const earlier = current ?? (await alwaysThere(place, wanted));
    if (earlier !== undefined) refuseFixed(wanted, earlier.body);
    const said = kind.repeatsSecrets === true ? Object.keys(wanted.secrets) : replaced;
    const secrets = Object.fromEntries(said.map((field) => [field, wanted.secrets[field]]));
    const input = kind.body.parse({ ...bodyOfFile(place, body), ...secrets, ...kind.placed?.(key) });
    const answer =
      earlier === undefined && kind.create !== undefined
        ? await kind.create(place, key, input)
        : await kind.update(place, key, input, version === undefined ? undefined : new Set([version]));
    const found = foundFrom(place, kind, key, { ...current, answer });
    const keep = earlier === undefined || replaced.length > 0 || !isDeepStrictEqual(earlier.body, found.body);
    return {
      keep,
      found,
      shown: shownSecrets(wanted, answer),
      secrets: earlier === undefined ? [] : replaced,
    };
  };
  const widened = current && kind.widened?.(wanted.body, current.body);
  return {
    name: nameOf(wanted),
    parents: parentsOf(wanted).filter((name) => !before.has(name)),
    run: () => put(wanted.body),
    ...(widened !== undefined && {
      widen: async () => {
        const done = await put(widened);
        version = done.found?.version;
        return done;
      },
    }),
    problem,
  };
}

/** Deletes what has no file. */
export function deleteStep(place: Place, found: Found): Step {
  const { kind, key, version } = found;
  return {
    name: nameOf(found),
    parents: [],
    async run() {
      try {
        await kind.remove?.(place, key, version === undefined ? undefined : new Set([version]));
      } catch (error) {
        // It went with something that it was part of.
        if (!(error instanceof DomainError && error.kind === 'not_found')) throw error;
      }
      return { keep: true, shown: [], secrets: [] };
    },
    problem: ({ message }) => ({ file: `${nameOf(found)}, which has no file`, pointer: '', message }),
  };
}

const parentsOf = ({ key: { workspace, pool } }: Wanted): string[] => [
  ...(workspace === '' ? [] : [`workspace ${workspace}`]),
  ...(pool === '' ? [] : [`pool ${pool}`]),
];

/** What a workspace has from its first moment, and so was not there before the workspace was. */
async function alwaysThere(place: Place, { kind, key }: Wanted): Promise<Found | undefined> {
  if (kind.create !== undefined) return undefined;
  const [listed] = await kind.list(place, key);
  return listed && foundFrom(place, kind, key, listed);
}

async function replacedSecrets(
  place: Place,
  { kind, key, secrets }: Wanted,
  current: Found | undefined,
): Promise<string[]> {
  const replaced: string[] = [];
  for (const [field, secret] of Object.entries(secrets)) {
    const isThere = current !== undefined && (await kind.holdsSecret?.(place, key, field, secret)) === true;
    if (!isThere) replaced.push(field);
  }
  return replaced;
}

function refuseFixed({ kind, key, body }: Wanted, before: Body): void {
  const issues = (kind.fixed ?? [])
    .filter((field) => Object.hasOwn(body, field) && !isDeepStrictEqual(body[field], before[field]))
    .map((field) => ({
      pointer: `/${field}`,
      message: `cannot be changed: it is ${JSON.stringify(identified(kind, key, before)[field] ?? '')} since the ${kind.noun} was made`,
    }));
  if (issues.length > 0) throw new DomainError('invalid', 'cannot be changed', { issues });
}

function shownSecrets(wanted: Wanted, { body }: Answer): ShownSecret[] {
  return (wanted.kind.secrets ?? []).flatMap((field) => {
    const secret = (body as Body)[field];
    const isNew = typeof secret === 'string' && !Object.hasOwn(wanted.secrets, field);
    return isNew ? [{ object: nameOf(wanted), field, secret }] : [];
  });
}
