import type { PathRequirement, SystemRequirement } from './requirement.ts';
import type { Route } from './route.ts';

/** One of the two APIs that share their operations: for people with roles, and for backends with scopes. */
export type ApiSide = {
  readonly base: '/api/identity/{tid}/admin' | '/api/identity/{tid}/system';
  /** The role's permission in the admin API; the scope `identity` in the system API. */
  readonly needs: (requirement: PathRequirement) => PathRequirement | SystemRequirement;
  /** Operation ids are unique in the document: the system API's carry its name. */
  readonly name: (operationId: string) => string;
};

const ADMIN: ApiSide = {
  base: '/api/identity/{tid}/admin',
  needs: (requirement) => requirement,
  name: (operationId) => operationId,
};

const SYSTEM: ApiSide = {
  base: '/api/identity/{tid}/system',
  needs: ({ permission, of }) => ({ token: 'system', scopes: ['identity'], permission, of }),
  name: (operationId) => `System${operationId}`,
};

/** The same operations in the admin API and in the system API (contract 2.1, 2.2). */
export const inBothApis = (declare: (side: ApiSide) => readonly Route[]): readonly Route[] =>
  [ADMIN, SYSTEM].flatMap((side) => declare(side));

/** For operations that only the system API has, declared beside shared ones. */
export const SYSTEM_BASE = '/api/identity/{tid}/system';
export const ADMIN_BASE = '/api/identity/{tid}/admin';
