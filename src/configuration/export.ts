import { isDeepStrictEqual } from 'node:util';
import { inTransaction } from '../db/transaction.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import { readOneMoment } from '../exports/configuration_export_store.ts';
import { ConfigBus } from '../workspaces/config_change.ts';
import type { ConfigurationDeps } from './apply.ts';
import { identified, nameOf, placeOf, readCurrent, type Found } from './current.ts';
import { pathsOf, placedBy } from './file_names.ts';
import type { TextFile } from './folder.ts';
import type { Body } from './kind.ts';
import { readYaml, writeYaml, YamlRefused } from './yaml.ts';

/**
 * A tenant at one moment, as files. Of `earlier` files those stay that say the same, with their comments; the others
 * keep their names, and their references to secrets, which nothing else would bring back. Throws `DomainError` for an
 * unknown tenant.
 */
export async function exportConfiguration(
  { db, compose }: ConfigurationDeps,
  { tenantId }: { readonly tenantId: string },
  earlier: readonly TextFile[] = [],
): Promise<TextFile[]> {
  const known = knownFiles(earlier);
  return inTransaction(db, async (tx) => {
    await readOneMoment(tx);
    const domain = compose({ ...db, knex: tx }, new ConfigBus());
    await domain.tenants.get({ tenantId });
    const current = [...(await readCurrent(await placeOf({ domain, tenantId, by: SYSTEM_ACTOR }))).values()];
    const paths = pathsOf(current, known);
    return current.map((found) => ({
      file: paths.get(nameOf(found)) ?? '',
      text: textOf(found, known.get(nameOf(found))),
    }));
  });
}

type KnownFile = TextFile & { readonly body: Body; readonly references: Body };

function textOf({ kind, body }: Found, before: KnownFile | undefined): string {
  if (before !== undefined && isDeepStrictEqual(before.body, body)) return before.text;
  const references = before?.references ?? {};
  const comment = Object.keys(references).length > 0 ? undefined : kind.comment?.(body);
  return writeYaml({ ...body, ...references }, comment === undefined ? [] : [comment]);
}

/** Files that can be read, by the `nameOf` of what they are about. */
function knownFiles(files: readonly TextFile[]): ReadonlyMap<string, KnownFile> {
  const known = new Map<string, KnownFile>();
  for (const { file, text } of files) {
    const placed = placedBy(file);
    if (placed === undefined) continue;
    const { kind } = placed;
    const given = bodyOf(text);
    const said = kind.idField === undefined ? undefined : given[kind.idField];
    const key = { ...placed.key, id: typeof said === 'string' ? said : placed.key.id };
    const [secret, plain] = [true, false].map((wanted) =>
      Object.fromEntries(
        Object.entries(given).filter(([field]) => (kind.secrets ?? []).includes(field) === wanted),
      ),
    ) as [Body, Body];
    const references = Object.fromEntries(
      Object.entries(secret).filter(([, value]) => typeof value === 'object' && value !== null),
    );
    known.set(nameOf({ kind, key }), { file, text, body: identified(kind, key, plain), references });
  }
  return known;
}

function bodyOf(text: string): Body {
  try {
    return readYaml(text).body;
  } catch (error) {
    if (error instanceof YamlRefused) return {};
    throw error;
  }
}
