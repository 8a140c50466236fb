import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { canonicalIdentifier, validateIdentifier } from '../credentials/identifier.ts';
import { readImportedHash } from '../credentials/hashers/imported.ts';
import type { RelyingParty } from '../credentials/passkeys.ts';
import { readTotpSecret } from '../credentials/totp.ts';
import type { Issue } from '../domain_error.ts';
import { freeMapIssues } from '../free_map.ts';
import { GROUP_NAME_RULE, readGroupName } from '../groups/group.ts';
import { isUserId, USER_ID_RULE } from '../tenants/slug.ts';
import type { Pool } from '../pools/pool.ts';
import type { UserData } from '../users/user.ts';
import type {
  GroupPath,
  RowIssueCode,
  StagedAddress,
  StagedCredential,
  StagedIdentifier,
  StagedPerson,
} from './import.ts';
import { passkeysOf } from './check_passkeys.ts';
import { PersonDocument } from './person_document.ts';

export type PersonIssue = Issue & { readonly code: RowIssueCode };

export type PersonCheck = {
  readonly pool: Pool;
  /** What is wrong with the data under its schemas. */
  readonly dataIssues: (data: UserData) => readonly Issue[] | Promise<readonly Issue[]>;
  /** Whether the caller may bring hashes and secrets along. */
  readonly mayBringSecrets: boolean;
  /** Whether the caller may put people into groups, and make those that are missing. */
  readonly mayBringGroups: boolean;
  /** Whom passkeys must have been made for. */
  readonly party: RelyingParty;
  /** The sealed form of a TOTP secret in base32. */
  readonly sealTotp: (userId: string, secret: string) => string;
};

export type CheckedPerson =
  | { readonly ok: true; readonly userId: string; readonly person: StagedPerson }
  | { readonly ok: false; readonly issues: readonly PersonIssue[] };

const MAX_ISSUES = 10;

/**
 * Reads one person of an import and brings them into their stored form. Names everything that is wrong, by JSON
 * pointer, without showing a value. Never throws for what a file may hold.
 */
export async function checkPerson(document: unknown, check: PersonCheck): Promise<CheckedPerson> {
  const parsed = PersonDocument.safeParse(document);
  if (!parsed.success) return refused(shapeIssues(parsed.error));
  const given = parsed.data;
  const { pool } = check;
  const issues: PersonIssue[] = [];
  const data = dataOf(given, pool);
  const note = (found: readonly Issue[], code: RowIssueCode = 'invalid') =>
    issues.push(...found.map((issue) => ({ ...issue, code })));

  const userId = given.id ?? given.sub ?? randomUUID();
  if (!isUserId(userId)) note([{ pointer: given.id === undefined ? '/sub' : '/id', message: USER_ID_RULE }]);
  if (given.id !== undefined && given.sub !== undefined && given.id !== given.sub) {
    note([{ pointer: '/sub', message: 'must be the same as id: it is whom tokens name' }]);
  }
  note(await check.dataIssues(data));
  const identifiers = (given.identifiers ?? []).map((entry, index) => identifierOf(entry, index, note));
  const addresses = (given.verifiable_addresses ?? []).map((entry, index) => addressOf(entry, index, note));
  const credentials = (given.credentials ?? []).flatMap((entry, index) =>
    credentialOf(entry, `/credentials/${index}`, userId, check, note),
  );
  const passkeys = (given.credentials ?? []).flatMap(({ type, payload }, index) =>
    type === 'webauthn' ? passkeysOf(payload, `/credentials/${index}`, check.party, note) : [],
  );
  const groups = groupsOf(given.groups ?? [], check, note);
  noteTwice(
    '/identifiers',
    identifiers.map((entry) => (pool.identifierCaseInsensitive ? entry.foldedKey : entry.exactKey)),
    note,
  );
  noteTwice(
    '/verifiable_addresses',
    addresses.map(({ key }) => key),
    note,
  );
  noteTwice(
    '/credentials',
    [...credentials.map(({ type }) => type), ...passkeys.map(({ id }) => `passkey ${id}`)],
    note,
  );
  const idGiven = given.id !== undefined || given.sub !== undefined;
  if (!idGiven && identifiers.length === 0) {
    note([
      {
        pointer: '/id',
        message: 'a person without identifiers needs an id, or every repetition would add another one',
      },
    ]);
  }
  if (issues.length > 0) return refused(issues);
  const person: StagedPerson = {
    ...data,
    idGiven,
    userType: given.user_type ?? 'standard',
    createdAt: given.created_at,
    identifiers,
    addresses,
    credentials,
    ...(passkeys.length > 0 && { passkeys }),
    ...(groups.length > 0 && { groups }),
  };
  return { ok: true, userId, person };
}

const refused = (issues: readonly PersonIssue[]): CheckedPerson => ({
  ok: false,
  issues: issues.slice(0, MAX_ISSUES),
});

function dataOf(given: PersonDocument, pool: Pool): UserData {
  return {
    status: given.status ?? 'active',
    payload: given.payload ?? {},
    metadata: given.metadata ?? {},
    businessMetadata: given.business_metadata ?? {},
    payloadSchemaId: given.payload_schema_id ?? pool.payloadSchemaId,
    metadataSchemaId: given.metadata_schema_id ?? pool.metadataSchemaId,
    businessMetadataSchemaId: given.business_metadata_schema_id ?? pool.businessMetadataSchemaId,
  };
}

type Note = (issues: readonly Issue[], code?: RowIssueCode) => void;

function identifierOf(
  entry: NonNullable<PersonDocument['identifiers']>[number],
  index: number,
  note: Note,
): StagedIdentifier {
  const pointer = `/identifiers/${index}/identifier`;
  const problem =
    entry.type === 'federated'
      ? 'of type federated is made by linking an account, not imported'
      : validateIdentifier(entry.type, entry.identifier);
  if (problem !== undefined) note([{ pointer, message: problem }]);
  note(freeMapIssues(`/identifiers/${index}/metadata`, entry.metadata));
  return {
    id: entry.id,
    type: entry.type,
    identifier: entry.identifier,
    exactKey: canonicalIdentifier(entry.identifier, { caseInsensitive: false }) ?? '',
    foldedKey: canonicalIdentifier(entry.identifier, { caseInsensitive: true }) ?? '',
    metadata: entry.metadata,
  };
}

function addressOf(
  entry: NonNullable<PersonDocument['verifiable_addresses']>[number],
  index: number,
  note: Note,
): StagedAddress {
  const problem = validateIdentifier(entry.type, entry.address);
  if (problem !== undefined) note([{ pointer: `/verifiable_addresses/${index}/address`, message: problem }]);
  note(freeMapIssues(`/verifiable_addresses/${index}/metadata`, entry.metadata));
  return {
    id: entry.id,
    type: entry.type,
    address: entry.address,
    key: canonicalIdentifier(entry.address, { caseInsensitive: true }) ?? '',
    verified: entry.verified ?? false,
    verifiedAt: entry.verified === true ? entry.verified_at : undefined,
    status: entry.status ?? 'active',
    preferredContactMethod: entry.preferred_contact_method,
    metadata: entry.metadata,
  };
}

function credentialOf(
  entry: NonNullable<PersonDocument['credentials']>[number],
  pointer: string,
  userId: string,
  { mayBringSecrets, sealTotp }: PersonCheck,
  note: Note,
): StagedCredential[] {
  if (!mayBringSecrets) {
    note([{ pointer, message: 'needs the permission import_identity_pool_users' }]);
    return [];
  }
  const { hashed_password: hash, secret } = entry.payload;
  // The keys themselves are `passkeysOf`'s.
  if (entry.type === 'webauthn') return [{ id: entry.id, type: 'webauthn', state: 'valid', secret: '' }];
  if (entry.type === 'totp') {
    const read = readTotpSecret(secret ?? '');
    if (read.ok)
      return [{ id: entry.id, type: 'totp', state: 'valid', secret: sealTotp(userId, read.secret) }];
    note([{ pointer: `${pointer}/payload/secret`, message: read.reason }]);
    return [];
  }
  const read = readImportedHash(hash);
  if (!read.ok) {
    note([{ pointer: `${pointer}/payload/hashed_password`, message: read.reason }], 'hash_refused');
    return [];
  }
  return [{ id: entry.id, type: 'password', secret: read.stored, ...usability(entry) }];
}

function groupsOf(
  given: NonNullable<PersonDocument['groups']>,
  { mayBringGroups }: PersonCheck,
  note: Note,
): GroupPath[] {
  if (given.length > 0 && !mayBringGroups) {
    note([{ pointer: '/groups', message: 'needs the permission manage_identity_pool_groups' }]);
    return [];
  }
  return given.map((path, index) =>
    [path].flat().map((typed) => {
      const read = readGroupName(typed);
      if (read === undefined) note([{ pointer: `/groups/${index}`, message: GROUP_NAME_RULE }]);
      return read ?? '';
    }),
  );
}

/** Contract 5.11: no time or 1900-01-01 means usable, a time that has passed means that the person must reset. */
function usability({
  state = 'valid',
  expires_at: expiresAt,
}: NonNullable<PersonDocument['credentials']>[number]) {
  const at = expiresAt === undefined ? undefined : new Date(expiresAt);
  if (at === undefined || at.getUTCFullYear() <= 1900) return { state };
  return { state: at.getTime() <= Date.now() ? 'must_be_reset' : state, expiresAt: at.toISOString() };
}

function noteTwice(pointer: string, keys: readonly string[], note: Note): void {
  if (new Set(keys).size !== keys.length) note([{ pointer, message: 'must not name the same one twice' }]);
}

function shapeIssues(error: z.ZodError): PersonIssue[] {
  return error.issues.flatMap((issue) => {
    const pointer = issue.path.map((step) => `/${escape(String(step))}`).join('');
    if (issue.code !== 'unrecognized_keys')
      return [{ pointer, message: issue.message, code: 'invalid' as const }];
    return issue.keys.map((key) => ({
      pointer: `${pointer}/${escape(key)}`,
      message: 'is not known here',
      code: 'invalid' as const,
    }));
  });
}

// RFC 6901 §3. A key is the caller's own text; shown as far as it helps.
const escape = (step: string): string => step.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
