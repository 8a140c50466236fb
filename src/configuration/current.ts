import { bodyInFile } from './administrators_pool.ts';
import { everyPage, type Body, type Key, type Kind, type Listed, type Place } from './kind.ts';
import { KINDS } from './kinds/index.ts';

/** An object of a tenant as it is. */
export type Found = Omit<Listed, 'id' | 'answer'> & {
  readonly kind: Kind;
  readonly key: Key;
  /** As a file says it: nothing that the server sets itself, no secret. */
  readonly body: Body;
  readonly version: number | undefined;
};

/** Everything that a folder may describe, by `nameOf`, in the order of the kinds. */
export type Current = ReadonlyMap<string, Found>;

/** What an object is called, in messages as in maps: `client shop/storefront`. */
export const nameOf = ({ kind, key }: { readonly kind: Kind; readonly key: Key }): string =>
  [kind.noun, [key.workspace, key.pool, key.id].filter((part) => part !== '').join('/')]
    .filter((part) => part !== '')
    .join(' ');

/** `1 person`, `12 people`. */
export const inPeople = (count: number): string => `${count} ${count === 1 ? 'person' : 'people'}`;

/** Where a tenant's objects are read and written. */
export async function placeOf(place: Omit<Place, 'administrators'>): Promise<Place> {
  const { domain, tenantId } = place;
  const pools = await everyPage((page) => domain.pools.list({ tenantId }, {}, page));
  return { ...place, administrators: pools.find(({ system }) => system)?.id };
}

/** Reads a tenant. */
export async function readCurrent(place: Place): Promise<Current> {
  const current = new Map<string, Found>();
  const parents = { workspace: [] as string[], pool: [] as string[] };
  for (const kind of KINDS) {
    for (const parent of parentsOf(kind, parents)) {
      for (const listed of await kind.list(place, parent)) {
        const found = foundFrom(place, kind, { ...parent, id: listed.id }, listed);
        current.set(nameOf(found), found);
        if (kind.noun === 'workspace' || kind.noun === 'pool') parents[kind.noun].push(listed.id);
      }
    }
  }
  return current;
}

function parentsOf({ within }: Kind, known: Record<'workspace' | 'pool', string[]>): Omit<Key, 'id'>[] {
  const nothing = { workspace: '', pool: '' };
  return within === 'tenant' ? [nothing] : known[within].map((id) => ({ ...nothing, [within]: id }));
}

/** An object as the API answers it, reduced to what a file says. */
export function foundFrom(
  place: Place,
  kind: Kind,
  key: Key,
  { answer, kept, people }: Omit<Listed, 'id'>,
): Found {
  const answered = new Map(Object.entries(JSON.parse(JSON.stringify(answer.body)) as Body));
  const shown = [...answered].filter(
    ([name]) => kind.fields.includes(name) && kind.secrets?.includes(name) !== true,
  );
  return {
    kind,
    key,
    body: identified(kind, key, bodyInFile(place, inOneOrder(Object.fromEntries(shown)) as Body)),
    version: answer.version,
    ...(kept !== undefined && { kept }),
    ...(people !== undefined && { people }),
  };
}

// What is stored as a document has its keys in the database's order (the shorter first), what is a default in ours.
function inOneOrder(value: unknown, isListed = false): unknown {
  if (Array.isArray(value)) return value.map((one) => inOneOrder(one, true));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (isListed) entries.sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, inOneOrder(one, isListed)]));
}

/** A body that begins with the id of its object. */
export function identified({ idField }: Kind, key: Key, body: Body): Body {
  if (idField === undefined) return body;
  const { [idField]: _said, ...rest } = body;
  return { [idField]: key.id, ...rest };
}
