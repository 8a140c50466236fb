import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';

let server: ApiServer;
let api: ApiClient;
beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  api = server.api('acme');
  await api.post(POOLS, { id: 'people', name: 'People' });
});
afterAll(() => server.stop());

const POOLS = '/api/identity/acme/admin/pools';

type Row = { readonly id: string; readonly name: string };
type Listed = {
  readonly path: string;
  /** Ids begin with it: those of deleted pools are not given again. */
  readonly letter: string;
  readonly thing: string;
  readonly body: (row: Row) => object;
  readonly rowsOf: (body: never) => Row[];
  /** Whether the row at which a page is to begin may be gone. */
  readonly outlivesItsCursor: boolean;
};

const label = { population: 'paged' };

const LISTS: Readonly<Record<string, Listed>> = {
  'pools by name': {
    path: `${POOLS}?label=population:paged&sort=name`,
    letter: 'n',
    thing: 'pool',
    body: (own) => ({ ...own, labels: label }),
    rowsOf: (body: { pools: Row[] }) => body.pools,
    outlivesItsCursor: true,
  },
  'pools by id': {
    path: `${POOLS}?label=population:paged&sort=id`,
    letter: 'i',
    thing: 'pool',
    body: (own) => ({ ...own, labels: label }),
    rowsOf: (body: { pools: Row[] }) => body.pools,
    outlivesItsCursor: true,
  },
  people: {
    path: `${POOLS}/people/users?sort=id`,
    letter: 'u',
    thing: 'user',
    body: ({ id, name }) => ({ id, status: 'new', metadata: { name } }),
    rowsOf: (body: { users: { id: string; metadata: { name: string } }[] }) =>
      body.users.map(({ id, metadata: { name } }) => ({ id, name })),
    outlivesItsCursor: true,
  },
  groups: {
    path: `${POOLS}/people/groups?with_nested_groups=true`,
    letter: 'g',
    thing: 'group',
    body: (own) => own,
    rowsOf: (body: Row[]) => body,
    outlivesItsCursor: false,
  },
};
const byId = (name: string) => !/groups|by name/.test(name);

/** The numbers of a page's rows. */
async function page({ path, rowsOf }: Listed, query: string): Promise<number[]> {
  const { status, body } = await api.get(`${path}&limit=2${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return rowsOf(body as never).map(({ name }) => Number(name.slice(-1)));
}

const where = ({ path }: Listed) => path.slice(0, path.indexOf('?'));
const add = async (list: Listed, ...added: Row[]) => {
  for (const one of added) expect((await api.post(where(list), list.body(one))).status).toBe(201);
};
const remove = async (list: Listed, ...removed: Row[]) => {
  for (const { id } of removed) expect((await api.delete(`${where(list)}/${id}`)).status).toBe(204);
};

describe.each(Object.entries(LISTS))('a list that changes while it is paged through: %s', (name, list) => {
  // Ids run against names, so that one order is never taken for the other.
  const row = (n: number): Row => ({ id: `${list.letter}${9 - n}`, name: `Row ${n}` });
  const rows = (...numbers: number[]): Row[] => numbers.map(row);

  it('gives every row that was there all the time once, in both directions and orders', async () => {
    await add(list, ...rows(1, 3, 4, 6, 7, 8));
    // Rows in the order of this list.
    const order = byId(name) ? [8, 7, 6, 4, 3, 1] : [1, 3, 4, 6, 7, 8];
    const [a, b, c, d, e, f] = order as [number, number, number, number, number, number];
    const cursor = (side: 'after' | 'before', n: number) => `&${side}_${list.thing}_id=${row(n).id}`;
    expect(await page(list, '')).toEqual([a, b]);
    // One appears behind what was read, one before it; one disappears there, and one that was read.
    const [behind, ahead] = byId(name) ? [9, 5] : [2, 5];
    await add(list, ...rows(behind, ahead));
    await remove(list, row(a), row(d));
    const rest = byId(name) ? [6, 5, 3, 1] : [4, 5, 7, 8];
    expect(await page(list, cursor('after', b))).toEqual(rest.slice(0, 2));
    expect(await page(list, cursor('after', rest[1] as number))).toEqual(rest.slice(2));
    expect(await page(list, cursor('after', f))).toEqual([]);
    expect(await page(list, cursor('before', f))).toEqual(rest.slice(1, 3));
    expect(await page(list, cursor('before', c))).toEqual(byId(name) ? [9, 7] : [2, 3]);

    await remove(list, row(c));
    if (!list.outlivesItsCursor) {
      // Its place in the order was its name, and nobody knows that any more.
      expect(await api.get(`${list.path}${cursor('after', c)}`)).toMatchObject({
        status: 400,
        body: { error_code: 'bad_cursor', error: expect.stringMatching(/^The group .* is gone/) as string },
      });
    } else {
      expect(await page(list, cursor('after', c))).toEqual([5, e]);
      const [beforeIt] = byId(name) ? [7] : [3];
      expect(await page(list, cursor('before', c))).toEqual([behind, beforeIt]);
      expect(await page(list, `&order=desc${cursor('after', c)}`)).toEqual([beforeIt, behind]);
      expect(await page(list, `&order=desc${cursor('before', c)}`)).toEqual([e, 5]);
    }
    await remove(list, ...rows(behind, ahead, b, e, f));
    expect(await page(list, '')).toEqual([]);
  });
});
