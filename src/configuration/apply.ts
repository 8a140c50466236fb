import { isDeepStrictEqual } from 'node:util';
import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import type { Domain } from '../domain.ts';
import type { Actor } from '../events/audit.ts';
import { ConfigBus, type WorkspaceScope } from '../workspaces/config_change.ts';
import { inPeople, nameOf, placeOf, readCurrent, type Current, type Found } from './current.ts';
import { changesBetween, sorted, type Change } from './difference.ts';
import { KINDS } from './kinds/index.ts';
import { refuseProblems, type Problem } from './problem.ts';
import { runSteps } from './run_steps.ts';
import { deleteStep, writeStep, type Done, type ShownSecret, type Step } from './step.ts';
import { waitForTurn } from './turn_store.ts';
import type { Wanted } from './wanted.ts';

export type ConfigurationDeps = {
  readonly db: Database;
  readonly bus: ConfigBus;
  /** The whole domain on a database, or on a transaction in the place of one. */
  readonly compose: (db: Database, bus: ConfigBus) => Domain;
};

export type ApplyOptions = {
  /** Deletes what has no file. */
  readonly prune: boolean;
  /** Deletes pools even with the people in them. */
  readonly prunePeople: boolean;
  /** False: everything is tried out, and taken back. */
  readonly commit: boolean;
};

export type Applied = {
  readonly changes: readonly Change[];
  /** What has no file, and could be deleted. */
  readonly extras: readonly Found[];
  readonly shown: readonly ShownSecret[];
};

/**
 * Makes a tenant what the files want, in one transaction: everything, or nothing. Every object is written by the
 * service that the API writes it by, with its rules and its audit events; what is as wanted is not touched.
 * Throws `ConfigurationRefused` and `DomainError`.
 */
export async function applyConfiguration(
  deps: ConfigurationDeps,
  { tenantId }: { readonly tenantId: string },
  wanted: ReadonlyMap<string, Wanted>,
  by: Actor,
  options: ApplyOptions,
): Promise<Applied> {
  let touched: WorkspaceScope[] = [];
  try {
    const applied = await inTransaction(deps.db, async (tx) => {
      touched = [];
      const bus = new ConfigBus().on('changed', (scope) => void touched.push(scope));
      const domain = deps.compose({ ...deps.db, knex: tx }, bus);
      await waitForTurn(tx, { tenantId });
      // 404 for an unknown tenant.
      await domain.tenants.get({ tenantId });
      const result = await reconcile(tx, { domain, tenantId, by }, wanted, options);
      if (!options.commit) throw new Rehearsed(result);
      return result;
    });
    for (const scope of touched) deps.bus.emit('changed', scope);
    return applied;
  } catch (error) {
    if (error instanceof Rehearsed) return error.result;
    throw error;
  }
}

/** Takes the transaction back, and the result out of it. */
class Rehearsed extends Error {
  override readonly name = 'Rehearsed';
  readonly result: Applied;

  constructor(result: Applied) {
    super('rehearsed');
    this.result = result;
  }
}

async function reconcile(
  tx: Knex.Transaction,
  at: { readonly domain: Domain; readonly tenantId: string; readonly by: Actor },
  wanted: ReadonlyMap<string, Wanted>,
  { prune, prunePeople }: ApplyOptions,
): Promise<Applied> {
  const place = await placeOf(at);
  const before = await readCurrent(place);
  const extras = sorted(before).filter((found) => isExtra(found, wanted));
  if (prune && !prunePeople) refuseProblems(extras.flatMap(peopleProblem));

  const steps: Step[] = [];
  for (const one of inOrder(wanted)) {
    const step = await writeStep(place, one, before);
    if (step !== undefined) steps.push(step);
  }
  if (prune) steps.push(...extras.toReversed().map((found) => deleteStep(place, found)));
  const done = await runSteps(tx, steps);

  const after = await readCurrent(place);
  refuseProblems([...wanted.values()].flatMap((one) => lostProblem(one, { before, after, done })));
  const secrets = new Map([...done].map(([name, result]) => [name, result.secrets]));
  return {
    changes: changesBetween(before, after, secrets),
    extras,
    shown: [...done.values()].flatMap(({ shown }) => shown),
  };
}

const inOrder = (wanted: ReadonlyMap<string, Wanted>): Wanted[] =>
  [...wanted.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));

function isExtra(found: Found, wanted: ReadonlyMap<string, Wanted>): boolean {
  return found.kept !== true && found.kind.remove !== undefined && !wanted.has(nameOf(found));
}

function peopleProblem(found: Found): Problem[] {
  if (found.people === undefined || found.people === 0) return [];
  const message = `holds ${inPeople(found.people)} who would be deleted with it: say so with --prune-people`;
  return [{ file: `${nameOf(found)}, which has no file`, pointer: '', message }];
}

/** What was written, or was as wanted, has to be so in the end, whatever else was written. */
function lostProblem(
  one: Wanted,
  state: { readonly before: Current; readonly after: Current; readonly done: ReadonlyMap<string, Done> },
): Problem[] {
  const name = nameOf(one);
  const now = state.after.get(name);
  if (now === undefined) {
    return [
      one.problem({
        pointer: '',
        message: 'would be deleted with something that it needs, and that has no file',
      }),
    ];
  }
  const expected = state.done.get(name)?.found ?? state.before.get(name);
  if (expected === undefined || isDeepStrictEqual(expected.body, now.body)) return [];
  return [
    one.problem({
      pointer: '',
      message: 'contradicts another file: what is written for one changes the other',
    }),
  ];
}
