import { DomainError, type ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import type { FreeMap } from '../free_map.ts';
import type { FullUser, UserScope } from './user.ts';
import type { UserService } from './user_service.ts';

/** What administrators keep about a person, and what delegated ones do (contract 6.6). Throws `DomainError`. */
export function createMetadataService({ users }: { users: Pick<UserService, 'update'> }) {
  return {
    /** Replaces metadata of one kind. Problems point into the document as the caller named it, `/metadata`. */
    async set(
      scope: UserScope,
      kind: 'metadata' | 'businessMetadata',
      metadata: FreeMap,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<FullUser> {
      try {
        return await users.update(scope, { [kind]: metadata }, by, expected);
      } catch (error) {
        throw error instanceof DomainError ? pointingToMetadata(error) : error;
      }
    },
  };
}

const BUSINESS = /^\/business_metadata(?=[/:]|$)/;

function pointingToMetadata({ kind, message, code, issues }: DomainError): DomainError {
  return new DomainError(kind, message.replace(BUSINESS, '/metadata'), {
    ...(code === undefined ? {} : { code }),
    ...(issues && {
      issues: issues.map((issue) => ({ ...issue, pointer: issue.pointer.replace(BUSINESS, '/metadata') })),
    }),
  });
}
