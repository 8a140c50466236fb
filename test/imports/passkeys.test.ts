import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServer } from '../support/api_server.ts';
import type { TestServer } from '../support/server.ts';
import { openHouse, usePasskey, type House } from '../support/sign_in.ts';
import { SoftwareAuthenticator } from '../support/software_authenticator.ts';
import { ended, importFile, ndjson, newPool, poolPath, somebody, type Line } from './support.ts';

type Credential = { type: string; payload: { rp_id?: string; keys?: Line[] } };

let server: ApiServer;
let from: House;
let to: House;
beforeAll(async () => {
  server = await startApiServer();
  const place = { publicUrl: server.url, elsewhere: server.domain } as unknown as TestServer;
  const settings = { authenticationMechanisms: ['webauthn', 'password'] } as const;
  from = await openHouse(place, 'before', settings);
  to = await openHouse(place, 'after', settings);
});
afterAll(() => server.stop());

/** The only person of an export whose id it is. */
async function exported(poolId: string, userId: string): Promise<Line & { credentials: Credential[] }> {
  const response = await fetch(`${server.url}${poolPath(poolId)}/users/export`, {
    headers: { authorization: `Bearer ${await server.token('default')}` },
  });
  const people = (await response.text()).trim().split('\n');
  return people.map((line) => JSON.parse(line)).find(({ id }) => id === userId);
}

const keysOf = ({ credentials }: { credentials: Credential[] }) =>
  credentials.find(({ type }) => type === 'webauthn')?.payload;

/** Somebody with these keys. */
const holder = (id: string, keys: readonly Line[], more: Line = {}): Line =>
  somebody(id, { credentials: [{ type: 'webauthn', payload: { keys, ...more } }] });

/** A key as another server kept it. */
const record = (host: string): Line => {
  const device = new SoftwareAuthenticator({ origin: `https://${host}` });
  return device.record({ challenge: 'c', rp: { id: host }, user: { id: 'u' } });
};

describe('passkeys', () => {
  test('go out with their people and in elsewhere on the same host, and sign in there', async () => {
    const { userId } = await from.person('mover');
    const key = await from.passkey(userId);
    const scope = { ...from.scope, userId };
    await server.domain.passkeys.rename(scope, key.id.toString('base64url'), 'Phone', { kind: 'system' });
    const line = await exported(from.scope.poolId, userId);
    expect(keysOf(line)).toMatchObject({
      rp_id: new URL(server.url).hostname,
      keys: [{ name: 'Phone', publicKey: key.publicKey().toString('base64') }],
    });

    const moved = `${JSON.stringify({ ...line, id: 'moved' })}\n`;
    const { body } = await importFile(server, to.scope.poolId, moved);
    expect(body).toMatchObject({ created: 1, failed: 0 });
    const visitor = await to.visitor();
    const flow = await visitor.begin();
    const { claims } = await visitor.finish(flow, await usePasskey(visitor, key));
    expect(claims).toMatchObject({ sub: 'moved', acr: '2fa' });

    const again = keysOf(await exported(to.scope.poolId, 'moved'));
    // It has been used once more meanwhile.
    const counted = { authenticator: expect.objectContaining({ signCount: key.signCount }) };
    expect(again?.keys).toEqual([{ ...keysOf(line)?.keys?.[0], ...counted }]);
    // A copy of the key has a counter that lags behind: it is found out here as well.
    key.signCount = 0;
    await expectRefusal(to, key);
  });

  test('of another host, of nobody and of somebody else are refused by line; a dry run finds the same', async () => {
    const pool = await newPool(server);
    const host = new URL(server.url).hostname;
    const [own, twice] = [record(host), record(host)];
    await importFile(server, pool, ndjson(holder('owner', [own])));
    const file = ndjson(
      holder('first', [twice]),
      holder('second', [twice]),
      holder('thief', [own]),
      holder('elsewhere', [record(host)], { rp_id: 'login.example.org' }),
      holder('attested-elsewhere', [record('login.example.org')]),
      holder('no-key', [{ ...record(host), publicKey: 'AAAA' }]),
      holder('masked', [{ id: own['id'], name: 'Phone' }]),
      somebody('empty', { credentials: [{ type: 'webauthn', payload: {} }] }),
      holder('doubled', [twice, twice]),
    );
    for (const query of ['?dry_run=true', '']) {
      const { body } = await importFile(server, pool, file, { query });
      const { body: job } = await ended(server, pool, body.id);
      expect(job).toMatchObject({ created: 1, skipped: 0, failed: 8 });
      const issues = job.errors as { line: number; pointer: string; code: string; message: string }[];
      expect(issues.map(({ line, pointer, code }) => [line, pointer, code])).toEqual([
        [2, '/credentials', 'passkey_taken'],
        [3, '/credentials', 'passkey_taken'],
        [4, '/credentials/0/payload/rp_id', 'invalid'],
        [5, '/credentials/0/payload/keys/0', 'invalid'],
        [6, '/credentials/0/payload/keys/0', 'invalid'],
        [7, '/credentials/0/payload/keys/0/publicKey', 'invalid'],
        [8, '/credentials/0/payload/keys', 'invalid'],
        [9, '/credentials', 'invalid'],
      ]);
      expect(issues[2]?.message).toContain(host);
    }
  });

  test('leave with the credential when a whole tenant is written without it', async () => {
    const { userId } = await from.person('replaced');
    const key = await from.passkey(userId);
    const { payload } = await exported(from.scope.poolId, userId);
    const user = {
      id: userId,
      tenant_id: 'default',
      user_pool_id: from.scope.poolId,
      status: 'active',
      payload,
    };
    const writer = await server.system('default', 'manage_configuration');
    const written = await writer.put('/api/identity/default/configuration', { users: [user] });
    expect([written.status, written.body]).toEqual([204, undefined]);
    await expectRefusal(from, key);
  });
});

async function expectRefusal(house: House, key: SoftwareAuthenticator): Promise<void> {
  const visitor = await house.visitor();
  await visitor.begin();
  const page = await usePasskey(visitor, key);
  expect(page.document.textOf('[role=alert]')).toContain('The passkey was not used');
}
