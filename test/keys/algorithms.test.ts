import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statuses, type ApiClient } from '../support/api_server.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { CALLBACK, SECRET, startSelfServer, type SelfServer } from '../support/self_api.ts';

const ALGS = ['RS256', 'ES256', 'PS256', 'EdDSA'] as const;
const KINDS = { RS256: 'rsa', ES256: 'ecdsa', PS256: 'ps', EdDSA: 'eddsa' } as const;
const ADMIN = '/api/admin/acme';

let server: SelfServer;
let acme: ApiClient;
let who: string;
beforeAll(async () => {
  server = await startSelfServer();
  acme = server.api('acme');
  who = (await server.addPerson('Vera')).identifier;
});
afterAll(() => server.stop());

const document = async (path: string, workspaceId = 'shop') =>
  (await (await fetch(`${server.url}/acme/${workspaceId}/.well-known/${path}`)).json()) as {
    keys: { alg: string; kty: string; kid: string }[];
    id_token_signing_alg_values_supported: string[];
    userinfo_signing_alg_values_supported: string[];
  };
const publishedAlgs = async (workspaceId?: string) =>
  [...new Set((await document('jwks.json', workspaceId)).keys.map(({ alg }) => alg))].sort();

/** As an application does that knows the issuer alone. */
async function verify(token: string, workspaceId = 'shop') {
  const issuer = `${server.url}/acme/${workspaceId}`;
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  await jwtVerify(token, keys, { issuer, algorithms: [...ALGS] });
  return decodeProtectedHeader(token).alg;
}

async function application(id: string, more: object): Promise<void> {
  const made = await acme.post(`${ADMIN}/clients`, {
    authorization_server_id: 'shop',
    client_id: id,
    client_secret: SECRET,
    redirect_uris: [CALLBACK],
    trusted: true,
    ...more,
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
}

describe('an algorithm', () => {
  it.each(ALGS)('%s signs ID tokens and userinfo for the application that names it', async (alg) => {
    const clientId = `app-${alg}`;
    await application(clientId, { id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg });
    const { idToken, token } = await server.signIn(who, 'openid', { clientId });
    expect(await verify(idToken)).toBe(alg);
    const userinfo = await fetch(`${server.url}/acme/shop/userinfo`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await verify(await userinfo.text())).toBe(alg);
    const { id_token_signing_alg_values_supported: idTokens, ...discovery } =
      await document('openid-configuration');
    expect(idTokens).toContain(alg);
    expect(discovery.userinfo_signing_alg_values_supported).toContain(alg);
  });

  it.each(ALGS)('%s signs the access tokens of an API that names it', async (alg) => {
    const audience = `https://${alg.toLowerCase()}.api.example.test`;
    const service = { authorization_server_id: 'shop', name: alg, custom_audience: audience };
    const made = await acme.post(`${ADMIN}/services`, { ...service, token_signing_alg: alg });
    expect(made).toMatchObject({ status: 201, body: { token_signing_alg: alg } });
    await application(`for-${alg}`, { audience: [audience] });
    const { token } = await server.signIn(who, 'openid', { clientId: `for-${alg}`, resource: audience });
    expect(await verify(token)).toBe(alg);
    expect(decodeProtectedHeader(token).typ).toBe('at+jwt');
  });

  it.each(['RS384', 'HS256', 'none', 'ES512', 'Ed448', 'rs256'])('%s is refused by name', async (alg) => {
    const client = { authorization_server_id: 'shop', redirect_uris: [CALLBACK] };
    const service = {
      authorization_server_id: 'shop',
      name: 'No',
      custom_audience: 'https://no.example.test',
    };
    const refused = [
      await acme.post(`${ADMIN}/clients`, { ...client, id_token_signed_response_alg: alg }),
      await acme.post(`${ADMIN}/services`, { ...service, token_signing_alg: alg }),
      await acme.post(`${ADMIN}/servers`, { key_type: alg }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([422, 422, 422]);
    expect(refused.map(({ body }) => body.details[0].pointer as string)).toEqual([
      '/id_token_signed_response_alg',
      '/token_signing_alg',
      '/key_type',
    ]);
  });
});

describe('a workspace', () => {
  const workspace = async (id: string, more: object = {}) => {
    expect((await acme.post(`${ADMIN}/servers`, { id, ...more })).status).toBe(201);
    return { tenantId: 'acme', workspaceId: id };
  };

  it('has keys of what it signs with, and says no more in its discovery', async () => {
    await workspace('plain');
    expect(await publishedAlgs('plain')).toEqual(['ES256', 'RS256']);
    const { id_token_signing_alg_values_supported: algs } = await document('openid-configuration', 'plain');
    expect(algs.sort()).toEqual(['ES256', 'RS256']);
  });

  it('of the key type ps signs ID tokens by PS256, with a key of its own', async () => {
    const scope = await workspace('strict', { key_type: 'ps' });
    await server.domain.connections.create(scope, { poolId: 'customers', name: 'Customers' }, SYSTEM_ACTOR);
    const app = { id: 'strict-app', clientSecret: SECRET, redirectUris: [CALLBACK], trusted: true };
    await server.domain.clients.create(scope, app, SYSTEM_ACTOR);
    const where = { clientId: 'strict-app', workspaceId: 'strict' };
    const { idToken } = await server.signIn(who, 'openid', where);
    expect(await verify(idToken, 'strict')).toBe('PS256');
    const { body } = await acme.get(`${ADMIN}/servers/strict/keys`);
    expect(body.current_key).toMatchObject({ alg: 'PS256', kty: 'RSA' });
    const { keys } = await document('jwks.json', 'strict');
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
  });

  it.each(['PS256', 'EdDSA'] as const)('rotates %s as it rotates the others', async (alg) => {
    const scope = await workspace(`turning-${KINDS[alg]}`);
    const at = `${ADMIN}/servers/${scope.workspaceId}/keys`;
    const type = `key_type=${KINDS[alg]}`;
    expect((await acme.get(`${at}?${type}`)).body).toEqual({ rotated_keys: [], revoked_keys: [] });
    // The first signs at once; the one that follows has to be known first.
    const first = await acme.post(`${at}/rotate?${type}`, {});
    expect(first).toMatchObject({ status: 200, body: { alg } });
    expect((await acme.post(`${at}/rotate?${type}`, {})).status).toBe(409);
    await server.db.knex.raw(
      `UPDATE signing_keys SET created_at = created_at - interval '10 minutes' WHERE workspace_id = ?`,
      [scope.workspaceId],
    );
    const second = await acme.post(`${at}/rotate?${type}`, {});
    expect(second).toMatchObject({ status: 200, body: { alg } });
    const { body } = await acme.get(`${at}?${type}`);
    expect(body.current_key.kid).toBe(second.body.kid);
    expect(body.rotated_keys).toMatchObject([{ kid: first.body.kid }]);
    expect(body.next_key).toMatchObject({ alg });
    expect((await acme.get(`${at}/${first.body.kid}/raw`)).body).not.toHaveProperty('d');
    expect((await acme.post(`${at}/revoke/${second.body.kid}`, {})).status).toBe(200);
    expect((await acme.get(`${at}?${type}`)).body.current_key.kid).toBe(body.next_key.kid);
  });

  it('gets one first key of an algorithm, however many ask for it at once', async () => {
    const scope = await workspace('crowded');
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        acme.post(`${ADMIN}/clients`, {
          authorization_server_id: scope.workspaceId,
          client_id: `crowd-${at}`,
          redirect_uris: [CALLBACK],
          id_token_signed_response_alg: at % 2 === 0 ? 'PS256' : 'EdDSA',
        }),
      ),
    );
    expect(new Set(statuses(asked))).toEqual(new Set([201]));
    const { rows } = await server.db.knex.raw<{ rows: object[] }>(
      `SELECT alg, count(*)::int AS keys FROM signing_keys
        WHERE workspace_id = 'crowded' AND status = 'current' GROUP BY alg ORDER BY alg`,
    );
    expect(rows).toEqual([...ALGS].sort().map((alg) => ({ alg, keys: 1 })));
  });
});

describe('our own APIs', () => {
  it('take a token of the workspace’s own, whatever signs it, and none that merely says so', async () => {
    const { token } = await server.signIn(who, 'openid view_ss_profile', { resource: `${server.url}/api` });
    const [, payload = '', signature = ''] = token.split('.');
    for (const alg of ['none', 'HS256', 'EdDSA', 'PS256']) {
      const { kid } = (await document('jwks.json')).keys.find((key) => key.alg === alg) ?? { kid: 'x' };
      const head = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid })).toString('base64url');
      const answer = await fetch(`${server.url}${server.base}/v2/self/me`, {
        headers: { authorization: `Bearer ${head}.${payload}.${signature}` },
      });
      expect(answer.status).toBe(401);
    }
  });
});
