import type { Body, Place } from './kind.ts';

/** What files call the pool that a tenant is administered by: no pool can have this id. */
export const ADMINISTRATORS = '_administrators';

type Known = Pick<Place, 'administrators'>;

/** The id of a pool as files have it. */
export const poolInFile = ({ administrators }: Known, poolId: string): string =>
  poolId === administrators ? ADMINISTRATORS : poolId;

/** The id that a file means. Of a tenant that has lost its own pool, what nobody has. */
export const poolOfFile = ({ administrators }: Known, named: string): string =>
  named === ADMINISTRATORS ? (administrators ?? ADMINISTRATORS) : named;

/** A body with the names of pools as files have them. */
export const bodyInFile = (known: Known, body: Body): Body => named(body, (id) => poolInFile(known, id));

/** A body with the pools that the file means. */
export const bodyOfFile = (known: Known, body: Body): Body => named(body, (id) => poolOfFile(known, id));

function named(body: Body, name: (poolId: string) => string): Body {
  const one = (object: Body): Body => {
    const poolId = object['identity_pool_id'];
    return typeof poolId === 'string' ? { ...object, identity_pool_id: name(poolId) } : object;
  };
  const groups = body['required_groups'];
  return one(Array.isArray(groups) ? { ...body, required_groups: (groups as Body[]).map(one) } : body);
}
