import { randomUUID } from 'node:crypto';
import { canonicalIdentifier } from '../credentials/identifier.ts';
import type { Database } from '../db/connection.ts';
import { invalid, notFound, refuseAny, type ExpectedVersion, type Issue } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { deleteIdentifier, insertIdentifier, readIdentifierFacts } from './identifier_store.ts';
import { endCodesSentTo } from './codes/open_codes_store.ts';
import { changingPart, type Changed } from './part_change.ts';
import { nameTaken, refusingTaken } from './user_creation.ts';
import {
  foldedName,
  keyIdentifier,
  MAX_NESTED,
  type Identifier,
  type NewIdentifier,
  type UserScope,
} from './user.ts';

export type IdentifierService = ReturnType<typeof createIdentifierService>;

/** What a person signs in with (contract 1.8, 6.4). Throws `DomainError`. */
export function createIdentifierService({ db }: { db: Database }) {
  return {
    /** Adds an identifier. One value belongs to one person of a pool, and not to whom it is a verified address of. */
    async add(
      scope: UserScope,
      input: NewIdentifier,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Changed<Identifier>> {
      return changingPart(db, scope, {
        name: foldedName(input.identifier),
        by,
        expected,
        details: { identifier_added: { identifier: input.identifier, type: input.type } },
        apply: async (tx, pool) => {
          const issues: Issue[] = [];
          const rule = { caseInsensitive: pool.identifierCaseInsensitive };
          const keyed = keyIdentifier(input, rule, { pointer: '', issues });
          refuseAny(issues);
          const facts = await readIdentifierFacts(tx, scope, keyed.identifierLc);
          if (facts.verifiedByAnother) throw nameTaken();
          if (facts.count >= MAX_NESTED)
            throw invalid('/identifier', `a person has at most ${MAX_NESTED} identifiers`);
          const row = { ...keyed, id: randomUUID() };
          return (await refusingTaken(() => insertIdentifier(tx, scope, row))) ?? absent();
        },
      });
    },

    /** Removes an identifier, the last one too, and ends the open codes that may have gone there. */
    async remove(
      scope: UserScope,
      identifier: string,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Changed<undefined>> {
      return changingPart(db, scope, {
        name: foldedName(identifier),
        by,
        expected,
        details: { identifier_removed: { identifier } },
        takesAway: true,
        apply: async (tx, pool) => {
          const rule = { caseInsensitive: pool.identifierCaseInsensitive };
          const key = canonicalIdentifier(identifier, rule) ?? absent();
          if ((await deleteIdentifier(tx, scope, key)) === undefined) absent();
          await endCodesSentTo(tx, scope, foldedName(identifier));
          return undefined;
        },
      });
    },
  };
}

function absent(): never {
  throw notFound('Identifier');
}
