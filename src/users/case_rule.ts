import type { Knex } from 'knex';
import { canonicalIdentifier } from '../credentials/identifier.ts';
import { DomainError } from '../domain_error.ts';
import type { PoolScope } from '../pools/pool.ts';
import { clashingIdentifiers, identifiersAfter, setLookupKeys } from './case_rule_store.ts';

const BATCH = 1000;
// Enough to see what is wrong; the rest shows at the next try.
const MAX_CLASHES_SHOWN = 20;

/**
 * Gives every identifier of a pool its look-up key under another case rule. Ignoring case is refused (409) while
 * two people would share a name, and the clashing names are listed.
 */
export async function applyCaseRule(
  tx: Knex.Transaction,
  scope: PoolScope,
  rule: { caseInsensitive: boolean },
): Promise<void> {
  if (rule.caseInsensitive) {
    const clashes = await clashingIdentifiers(tx, scope, MAX_CLASHES_SHOWN);
    if (clashes.length > 0) {
      throw new DomainError('conflict', 'Some identifiers differ in case only', {
        code: 'identifiers_clash',
        issues: clashes.map((names) => ({
          pointer: '/identifier_case_insensitive',
          message: `would be the same: ${names.join(', ')}`,
        })),
      });
    }
  }
  let after = { userId: '', id: '' };
  for (;;) {
    const batch = await identifiersAfter(tx, scope, after, BATCH);
    const last = batch.at(-1);
    if (last === undefined) return;
    await setLookupKeys(
      tx,
      scope,
      batch.map(({ userId, id, identifier }) => {
        return { userId, id, key: canonicalIdentifier(identifier, rule) ?? identifier };
      }),
    );
    after = last;
  }
}
