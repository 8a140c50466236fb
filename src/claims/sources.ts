import type { Account } from '../users/account.ts';
import { type Document, ROOT, valueAt } from './path.ts';
import type { ValueType } from './value_type.ts';

const SOURCES = {
  sub: 'string',
  user_pool_id: 'string',
  identifier: 'string',
  identifiers: 'string_array',
  email: 'string',
  email_verified: 'bool',
  phone_number: 'string',
  phone_number_verified: 'bool',
  groups: 'string_array',
  group_ids: 'string_array',
  amr: 'string_array',
  payload: 'object',
  metadata: 'object',
  business_metadata: 'object',
} as const satisfies Record<string, ValueType>;

type Source = keyof typeof SOURCES;
const isSource = (name: string): name is Source => Object.hasOwn(SOURCES, name);

const DOCUMENTS: readonly string[] = ['payload', 'metadata', 'business_metadata'];
/** What an administrator noted about somebody leaves only when it is asked for by name. */
const ONLY_BY_NAME: readonly string[] = ['metadata', 'business_metadata'];
/** What is not read with every account, because few want it. */
const SELDOM: readonly string[] = [...ONLY_BY_NAME, 'identifier', 'identifiers', 'group_ids'];

/** For messages: which paths there are. */
export const SOURCE_RULE = `must be . or one of ${Object.keys(SOURCES).join(', ')}; ${DOCUMENTS.map((name) => `${name}.*`).join(', ')} lead inside`;

/** The type of what a source path leads to; `undefined` for a path that nobody brings along (contract 1.11). */
export function sourceType(path: string): ValueType | undefined {
  if (path === ROOT) return 'object';
  if (isSource(path)) return SOURCES[path];
  return DOCUMENTS.includes(root(path)) ? 'any' : undefined;
}

/** Whether a source is read only for those who map it: see `accountDocument`. */
export const isSeldomRead = (path: string): boolean => path === ROOT || SELDOM.includes(root(path));

/** Whether a source is what an administrator noted about somebody. */
export const isOnlyByName = (path: string): boolean => ONLY_BY_NAME.includes(root(path));

const root = (path: string): string => path.split('.')[0] ?? '';

/** What a person who has signed in brings along, by source path. `amr` says how they proved it. */
export function sourcesOf(account: Account, amr: readonly string[] | undefined): Document {
  const email = account.addresses.find((address) => address.type === 'email');
  const mobile = account.addresses.find((address) => address.type === 'mobile');
  const sources: Record<Source, unknown> = {
    sub: account.userId,
    user_pool_id: account.poolId,
    identifier: account.identifiers?.[0],
    identifiers: account.identifiers,
    email: email?.address,
    email_verified: email?.verified,
    phone_number: mobile?.address,
    phone_number_verified: mobile?.verified,
    groups: account.groups,
    group_ids: account.groupIds,
    amr,
    payload: account.payload,
    metadata: account.metadata,
    business_metadata: account.businessMetadata,
  };
  return Object.fromEntries(Object.entries(sources).filter(([, value]) => value !== undefined));
}

/** What is at a source path. `.` is everything but what has to be asked for by name. */
export function sourceAt(sources: Document, path: string): unknown {
  if (path !== ROOT) return valueAt(sources, path);
  return Object.fromEntries(Object.entries(sources).filter(([name]) => !ONLY_BY_NAME.includes(name)));
}
