import type { Issue } from '../domain_error.ts';
import { checkPerson, type PersonCheck } from './check_person.ts';
import { MASK, type Configuration, type DumpRow } from './configuration.ts';
import type { StagedPerson } from './import.ts';

/** A person of a dump, ready to be written. */
export type DumpPerson = {
  /** Their place in the dump. */
  readonly index: number;
  readonly poolId: string;
  readonly userId: string;
  readonly person: StagedPerson;
  /** Kinds of credentials that were masked: what is stored of these stays. */
  readonly kept: readonly string[];
};

/** A row of the dump with its place among those of its kind. */
type Placed = { readonly at: number; readonly row: DumpRow };
type Parts = Record<'identifiers' | 'addresses' | 'credentials', Placed[]>;

const LISTS = {
  identifiers: 'user_identifiers',
  verifiable_addresses: 'user_verifiable_addresses',
  credentials: 'user_credentials',
} as const;

/** Puts the people of a dump together from its lists. Names every row that belongs to nobody in it. */
export function assemble(dump: Configuration): { parts: Map<string, Parts>; issues: Issue[] } {
  const parts = new Map<string, Parts>();
  const issues: Issue[] = [];
  for (const [at, row] of dump.users.entries()) {
    if (parts.has(keyOf(row))) issues.push({ pointer: `/users/${at}/id`, message: 'is there twice' });
    parts.set(keyOf(row), { identifiers: [], addresses: [], credentials: [] });
  }
  const place = (rows: readonly DumpRow[], list: string, kind: keyof Parts) => {
    for (const [at, row] of rows.entries()) {
      const owner = parts.get(keyOf(row));
      if (owner !== undefined) owner[kind].push({ at, row });
      else
        issues.push({
          pointer: `/${list}/${at}/user_id`,
          message: 'must be of a user of this dump: people come whole',
        });
    }
  };
  place(dump.identifiers, LISTS.identifiers, 'identifiers');
  place(dump.addresses, LISTS.verifiable_addresses, 'addresses');
  place(dump.credentials, LISTS.credentials, 'credentials');
  return { parts, issues };
}

/** Checks one person of a dump. Issues name their place in the dump. */
export async function checkDumpPerson(
  { row, at }: Placed,
  parts: Parts,
  check: PersonCheck,
): Promise<{ person?: DumpPerson; issues: Issue[] }> {
  const masked = parts.credentials.filter(({ row: credential }) => isMasked(credential.document));
  const credentials = parts.credentials.filter((placed) => !masked.includes(placed));
  const places = { identifiers: parts.identifiers, verifiable_addresses: parts.addresses, credentials };
  const checked = await checkPerson(
    {
      ...row.document,
      id: row.userId,
      identifiers: parts.identifiers.map((placed) => placed.row.document),
      verifiable_addresses: parts.addresses.map((placed) => placed.row.document),
      credentials: credentials.map((placed) => placed.row.document),
    },
    check,
  );
  if (!checked.ok) {
    const issues = checked.issues.map(({ pointer, message }) => ({
      pointer: placeOf(pointer, at, places),
      message,
    }));
    return { issues };
  }
  const kept = masked.map((placed) => String(placed.row.document['type']));
  const { poolId, userId } = row;
  return { issues: [], person: { index: at, poolId, userId, person: checked.person, kept } };
}

/** A pointer into a person as a pointer into the dump. */
export function placeOf(
  pointer: string,
  user: number,
  places: Readonly<Record<keyof typeof LISTS, readonly { readonly at: number }[]>>,
): string {
  const [, list, index, ...rest] = pointer.split('/');
  if (list !== undefined && Object.hasOwn(LISTS, list)) {
    const known = places[list as keyof typeof LISTS][Number(index)];
    if (known !== undefined) return ['', LISTS[list as keyof typeof LISTS], known.at, ...rest].join('/');
  }
  return `/users/${user}${pointer}`;
}

export const keyOf = ({ poolId, userId }: { poolId: string; userId: string }): string =>
  `${poolId}/${userId}`;

/** As an export gives it: passkeys as a list of names without the keys, all else behind a mask. */
function isMasked({ type, payload }: DumpRow['document']): boolean {
  if (typeof payload !== 'object' || payload === null) return false;
  const { hashed_password: hash, secret, keys } = payload as Record<string, unknown>;
  return (
    hash === MASK || secret === MASK || (type === 'webauthn' && Array.isArray(keys) && !keys.some(hasKey))
  );
}

const hasKey = (entry: unknown): boolean =>
  typeof entry === 'object' && entry !== null && Object.hasOwn(entry, 'publicKey');
