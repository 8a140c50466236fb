import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { claim, client, scope, service } from '../configuration_requests.ts';
import type { World } from '../world.ts';
import { configuring, STALE, type Part } from './step.ts';

type Kind = {
  readonly path: string;
  readonly list: string;
  /** The field of an answer that holds the id, and of a list that holds the rows. */
  readonly id: string;
  readonly rows: string;
  readonly body: () => object;
};

const CLIENTS: Kind = {
  path: '/clients',
  list: '/servers/web/clients',
  id: 'client_id',
  rows: 'clients',
  body: client,
};
const SCOPES: Kind = { path: '/scopes', list: '/servers/web/scopes', id: 'id', rows: 'scopes', body: scope };
const SERVICES: Kind = {
  path: '/services',
  list: '/servers/web/services',
  id: 'id',
  rows: 'services',
  body: service,
};
const CLAIMS: Kind = { path: '/claims', list: '/servers/web/claims', id: 'id', rows: 'claims', body: claim };

/** The life of one thing: everything that the description has of it. */
const live =
  ({ path, list, id, rows, body }: Kind, isRead = true) =>
  async (world: World): Promise<void> => {
    const call = configuring(world);
    const given = { [id]: `walk-${randomUUID().slice(0, 8)}`, ...body() };
    const made = await call(201, 'post', path, given);
    const one = `${path}/${made.body[id]}`;
    await call(409, 'post', path, given);
    await call(404, 'post', path, { ...body(), authorization_server_id: 'ghost' });
    const listed = await call(200, 'get', list);
    const row = listed.body[rows].find((each: Record<string, unknown>) => each[id] === made.body[id]);
    if (isRead) expect((await call(200, 'get', one)).body).toEqual(row);
    // As a client of the published API sends it back: everything it has read.
    const changed = await call(200, 'put', one, { ...row, description: 'Seen' });
    expect(changed.body.description).toBe('Seen');
    await call(412, 'put', one, row, STALE);
    await call(412, 'delete', one, undefined, STALE);
    await call(204, 'delete', one);
    await call(404, 'delete', one);
  };

export const applications: Part = {
  name: 'applications',
  steps: [
    { name: 'are registered, read, listed, changed and deleted', go: live(CLIENTS) },
    {
      name: 'change their secrets',
      go: async (world) => {
        const call = configuring(world);
        const { body } = await call(201, 'post', '/clients', client());
        const one = `/clients/${body.client_id}`;
        const rotated = await call(200, 'post', `${one}/rotateSecret?auto_revoke_after=1h0m0s`);
        expect(rotated.body.secret).not.toBe(body.client_secret);
        await call(204, 'post', `${one}/revokeRotatedSecrets`);
        await call(204, 'delete', one);
      },
    },
    { name: 'have scopes', go: live(SCOPES) },
    { name: 'have APIs', go: live(SERVICES) },
    { name: 'learn claims', go: live(CLAIMS, false) },
  ],
};
