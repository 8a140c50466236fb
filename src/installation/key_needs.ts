import type { Knex } from 'knex';
import type { MasterKey } from '../security/seal.ts';
import { KEPT_HASH_PURPOSES } from '../security/wrapped_keys.ts';
import { listWrappedKeys } from '../security/wrapped_keys_store.ts';
import { HASHED_COLUMNS, PASSING_COLUMNS, SEALED_COLUMNS } from './sealed_columns.ts';
import { hashedUses, type KeyUse, sealedUses } from './sealed_texts_store.ts';

/** What a master key is needed for. */
export type KeyNeed = {
  readonly kid: string;
  /** `sealed` and `hashed` texts end by `weir keys reseal`, `passing` ones by themselves. */
  readonly kind: 'sealed' | 'hashed' | 'passing';
  readonly uses: readonly KeyUse[];
};

/** Which master keys beside the newest one something stored needs, and what. Reads every table that holds any. */
export async function keyNeeds(
  knex: Knex,
  masterKeys: readonly Pick<MasterKey, 'kid'>[],
): Promise<KeyNeed[]> {
  const newest = masterKeys[0]?.kid;
  const known = new Set(masterKeys.map(({ kid }) => kid));
  const wrapped = await fullyWrapped(knex);
  const found: (KeyUse & Pick<KeyNeed, 'kind'>)[] = [];
  const collect = (kind: KeyNeed['kind'], uses: readonly KeyUse[]) =>
    found.push(...uses.map((use) => ({ ...use, kind })));
  for (const column of SEALED_COLUMNS) collect('sealed', await sealedUses(knex, column));
  for (const column of PASSING_COLUMNS) {
    // Requests are in there as strangers sent them, and may name any key.
    collect(
      'passing',
      (await sealedUses(knex, column)).filter(({ kid }) => known.has(kid)),
    );
  }
  for (const column of HASHED_COLUMNS) {
    collect(
      'hashed',
      (await hashedUses(knex, column)).filter(({ kid }) => !wrapped.has(kid)),
    );
  }
  const needed = Map.groupBy(
    found.filter(({ kid }) => kid !== newest),
    ({ kid, kind }) => JSON.stringify([kid, kind]),
  );
  return [...needed.values()].map((uses) => ({ kid: uses[0]!.kid, kind: uses[0]!.kind, uses }));
}

/** Master keys that nothing hashed needs any more. */
async function fullyWrapped(knex: Knex): Promise<ReadonlySet<string>> {
  const purposes = Map.groupBy(await listWrappedKeys(knex), ({ kid }) => kid);
  return new Set(
    [...purposes].flatMap(([kid, rows]) =>
      KEPT_HASH_PURPOSES.every((purpose) => rows.some((row) => row.purpose === purpose)) ? [kid] : [],
    ),
  );
}
