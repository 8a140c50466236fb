import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiAnswer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { callback, mara } from '../support/demo.ts';
import { RelyingParty, client } from '../support/relying_party.ts';

const ADMIN = '/api/admin/default';
const CLIENTS = `${ADMIN}/clients`;
const DEMO = `${ADMIN}/servers/demo`;

let server: ApiServer;
let manager: ApiClient;
let receiver: Server;
let received: string[];
beforeAll(async () => {
  server = await startApiServer({ OUTBOUND_ALLOW_HOSTS: 'localhost' });
  manager = server.api('default');
  received = [];
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push(new URLSearchParams(body).get('logout_token') ?? '');
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, 'localhost', resolve));
});
afterAll(async () => {
  receiver.close();
  await server.stop();
});

async function register(settings: object): Promise<ApiAnswer> {
  const created = await manager.post(CLIENTS, {
    authorization_server_id: 'demo',
    redirect_uris: [callback],
    post_logout_redirect_uris: ['https://app.example.test/'],
    grant_types: ['authorization_code', 'refresh_token'],
    trusted: true,
    ...settings,
  });
  expect(created.status).toBe(201);
  return created;
}

async function application(settings: object = {}): Promise<RelyingParty> {
  const { body } = await register(settings);
  return RelyingParty.discover({
    issuer: server.issuer,
    clientId: body.client_id as string,
    clientSecret: body.client_secret as string,
    redirectUri: callback,
  });
}

/** A change of the demo workspace, for as long as `work` runs. */
async function withWorkspace(changes: object, work: () => Promise<void>): Promise<void> {
  const { body } = await manager.get(DEMO);
  expect(await manager.put(DEMO, { ...body, ...changes })).toMatchObject({ status: 200 });
  try {
    await work();
  } finally {
    expect((await manager.put(DEMO, body)).status).toBe(200);
  }
}

/** Asks for a token with nothing but what is given; the status of the answer, and its body. */
async function ask(form: Record<string, string>, path = '/oauth2/token') {
  const answer = await fetch(`${server.issuer}${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const body: Record<string, string | undefined> = await answer.json();
  return { status: answer.status, body };
}

const service = { grant_types: ['client_credentials'], redirect_uris: [], scopes: ['orders'] };
const credentials = (client_id: string, client_secret: string) =>
  ask({ grant_type: 'client_credentials', client_id, client_secret });

describe('a secret that is rotated', () => {
  it('works beside the new one until it is revoked; the oldest of three ends at once', async () => {
    const { body } = await register({ ...service, token_endpoint_auth_method: 'client_secret_post' });
    const path = `${CLIENTS}/${body.client_id}`;
    const works = async (...secrets: string[]) =>
      Promise.all(secrets.map(async (one) => (await credentials(body.client_id, one)).status));
    const secrets = [body.client_secret as string];
    for (let turn = 0; turn < 3; turn += 1) {
      const rotated = await manager.post(`${path}/rotateSecret`, undefined);
      expect(rotated).toMatchObject({ status: 200, body: { secret: expect.any(String) as string } });
      secrets.push(rotated.body.secret as string);
    }
    expect(await works(...secrets)).toEqual([401, 200, 200, 200]);
    const shown = await manager.get(path);
    expect(shown.body.rotated_secrets).toHaveLength(2);
    for (const secret of secrets) expect(JSON.stringify(shown.body)).not.toContain(secret);

    expect((await manager.post(`${path}/revokeRotatedSecrets`, undefined)).status).toBe(204);
    expect(await works(...secrets)).toEqual([401, 401, 401, 200]);
    expect((await manager.get(path)).body.rotated_secrets).toEqual([]);
  });

  it('ends by itself when its time is over, where its clear text is needed too', async () => {
    const { body } = await register({ ...service, token_endpoint_auth_method: 'client_secret_jwt' });
    const path = `${CLIENTS}/${body.client_id}`;
    const signed = async (secret: string) => {
      const assertion = await new SignJWT({ jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(body.client_id)
        .setSubject(body.client_id)
        .setAudience(server.issuer)
        .setExpirationTime('1m')
        .sign(new TextEncoder().encode(secret));
      const { status } = await ask({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      });
      return status;
    };
    const { body: rotated } = await manager.post(`${path}/rotateSecret?auto_revoke_after=1h`, undefined);
    expect([await signed(body.client_secret), await signed(rotated.secret)]).toEqual([200, 200]);
    const noted = (await manager.get(path)).body.rotated_secrets[0];
    expect(Date.parse(noted.revoke_at) - Date.parse(noted.rotated_at)).toBe(60 * 60 * 1000);

    await server.db
      .knex('rotated_client_secrets')
      .where({ client_id: body.client_id })
      .update({ revoke_at: new Date(0) });
    // Whatever changes the client makes every process read it again.
    const { body: now } = await manager.get(path);
    await manager.put(path, { ...now, description: 'changed' });
    expect([await signed(body.client_secret), await signed(rotated.secret)]).toEqual([401, 200]);
  });

  it('needs a secret, a reasonable time, and the version that the caller knows', async () => {
    const { body } = await register({ token_endpoint_auth_method: 'none' });
    expect((await manager.post(`${CLIENTS}/${body.client_id}/rotateSecret`, undefined)).status).toBe(409);
    const other = await register({});
    const path = `${CLIENTS}/${other.body.client_id}/rotateSecret`;
    expect((await manager.post(`${path}?auto_revoke_after=soon`, undefined)).status).toBe(400);
    expect((await manager.post(path, undefined, { 'If-Match': '"99"' })).status).toBe(412);
  });
});

describe('what a client chooses', () => {
  it('token_ttls takes the place of the lifetimes of the workspace where it says so', async () => {
    const ttls = { access_token_ttl: '2m0s', id_token_ttl: '3m0s' };
    const own = await application({ use_custom_token_ttls: true, token_ttls: ttls });
    const { tokens, claims } = await own.signIn(mara);
    expect(tokens.expires_in).toBe(120);
    expect(Number(claims.exp) - Number(claims.iat)).toBe(180);
    const kept = await manager.get(`${CLIENTS}/${own.options.clientId}`);
    expect(kept.body).toMatchObject({ use_custom_token_ttls: true, token_ttls: ttls });
    const usual = await application({ token_ttls: ttls });
    expect((await usual.signIn(mara)).tokens.expires_in).toBe(3600);
  });

  it('pairwise: the same sub for the clients of a sector, another one elsewhere', async () => {
    const both = { subject_identifier_types: ['public', 'pairwise'] };
    await withWorkspace(both, async () => {
      const pairwise = { subject_type: 'pairwise' };
      const elsewhere = { ...pairwise, sector_identifier_uri: 'https://other.example.test/sector.json' };
      const apps = [
        await application(pairwise),
        await application(pairwise),
        await application(elsewhere),
        await application(),
      ];
      const subs: string[] = [];
      for (const app of apps) {
        const { tokens, claims } = await app.signIn(mara);
        subs.push(claims.sub as string);
        const userinfo = await client.fetchUserInfo(app.config, tokens.access_token, claims.sub as string);
        expect(userinfo.sub).toBe(claims.sub);
        // The application names the person by the sub it knows.
        const again = await app.begin({ id_token_hint: tokens.id_token ?? '', prompt: 'none' });
        expect(again.page.stoppedAt?.searchParams.get('code')).toBeTruthy();
      }
      // A sign-in as the person that a sub names, and as nobody else.
      const app = apps[0] as RelyingParty;
      const { tokens } = await app.signIn(mara);
      const anew = await app.signIn(mara, { id_token_hint: tokens.id_token ?? '', prompt: 'login' });
      expect(anew.claims.sub).toBe(subs[0]);
      expect(new Set(subs).size).toBe(3);
      expect(subs[0]).toBe(subs[1]);
      // Nobody takes from a workspace what its clients live on.
      const { body } = await manager.get(DEMO);
      const refused = await manager.put(DEMO, { ...body, subject_identifier_types: ['public'] });
      expect(refused).toMatchObject({
        status: 422,
        body: { details: [{ pointer: '/subject_identifier_types' }] },
      });
      expect(refused.body.details[0].message).toContain(apps[0]?.options.clientId);
      for (const app of apps) await manager.delete(`${CLIENTS}/${app.options.clientId}`);
    });
  });

  it('userinfo_signed_response_alg and dpop_bound_access_tokens hold', async () => {
    const app = await application({ userinfo_signed_response_alg: 'ES256' });
    const { tokens } = await app.signIn(mara);
    const userinfo = await fetch(`${server.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(userinfo.headers.get('content-type')).toContain('application/jwt');
    expect(decodeJwt(await userinfo.text())).toMatchObject({ email: mara.identifier });

    const bound = await register({
      ...service,
      token_endpoint_auth_method: 'client_secret_post',
      dpop_bound_access_tokens: true,
    });
    const unproven = await credentials(bound.body.client_id, bound.body.client_secret);
    expect(unproven).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('backchannel_logout_uri is told when the person signs out', async () => {
    const { port } = receiver.address() as AddressInfo;
    const app = await application({
      backchannel_logout_uri: `http://localhost:${port}/logout`,
      backchannel_logout_session_required: true,
    });
    const { tokens, claims } = await app.signIn(mara);
    const logout = client.buildEndSessionUrl(app.config, { id_token_hint: tokens.id_token ?? '' });
    await app.browser.open(logout);
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
    expect(decodeJwt(received[0] ?? '')).toMatchObject({
      sub: claims.sub,
      aud: app.options.clientId,
      sid: expect.any(String) as string,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
  });
});

describe('what a workspace decides', () => {
  it('sso: one sign-in for all applications, or one for each', async () => {
    const first = await application();
    await first.signIn(mara);
    const { body } = await register({});
    const second = await RelyingParty.discover(
      {
        issuer: server.issuer,
        clientId: body.client_id as string,
        clientSecret: body.client_secret as string,
        redirectUri: callback,
      },
      first.browser,
    );
    expect((await second.begin()).page.stoppedAt).toBeDefined();
    const asksAgain = async () => {
      expect((await second.begin()).page.stoppedAt).toBeUndefined();
      const silent = await second.begin({ prompt: 'none' });
      expect(silent.page.stoppedAt?.searchParams.get('error')).toBe('login_required');
      // And having signed in is enough.
      expect((await second.signIn(mara)).claims.sub).toBeTruthy();
    };
    await withWorkspace({ sso: { enabled: false } }, asksAgain);
    expect((await second.begin()).page.stoppedAt).toBeDefined();

    const { body: found } = await manager.get(`${DEMO}/idps`);
    const path = `${DEMO}/idps/identity_pool/${found.idps[0].id}`;
    await manager.put(path, { ...found.idps[0], sso_settings: { disabled: true } });
    await asksAgain();
    await manager.put(path, found.idps[0]);
    expect((await second.begin()).page.stoppedAt).toBeDefined();
  });

  it('access_token_strategy and scope_claim_formats: what tokens for its own API look like', async () => {
    const { body } = await register({ ...service, token_endpoint_auth_method: 'client_secret_post' });
    const token = async () => {
      const answer = await credentials(body.client_id, body.client_secret);
      expect(answer.status).toBe(200);
      return answer.body.access_token as string;
    };
    const scoped = async () => {
      const answer = await ask({
        grant_type: 'client_credentials',
        client_id: body.client_id,
        client_secret: body.client_secret,
        scope: 'orders',
      });
      return decodeJwt(answer.body.access_token ?? '');
    };
    expect(await scoped()).toMatchObject({ scope: 'orders' });
    await withWorkspace({ scope_claim_formats: ['scp_array'] }, async () => {
      const claims = await scoped();
      expect(claims.scp).toEqual(['orders']);
      expect(claims).not.toHaveProperty('scope');
    });
    await withWorkspace({ access_token_strategy: 'opaque' }, async () => {
      const opaque = await token();
      expect(opaque.split('.')).toHaveLength(1);
      const { body: about } = await ask(
        { token: opaque, client_id: body.client_id, client_secret: body.client_secret },
        '/oauth2/introspect',
      );
      expect(about).toMatchObject({ active: true, client_id: body.client_id });
    });
    expect((await token()).split('.')).toHaveLength(3);
  });

  it('pushed_authorization_request_ttl: how long a pushed request waits', async () => {
    const { body } = await register({ token_endpoint_auth_method: 'client_secret_post' });
    await withWorkspace({ pushed_authorization_request_ttl: '20s' }, async () => {
      const pushed = await ask(
        {
          client_id: body.client_id,
          client_secret: body.client_secret,
          response_type: 'code',
          redirect_uri: callback,
          scope: 'openid',
          code_challenge: 'a'.repeat(43),
          code_challenge_method: 'S256',
        },
        '/par',
      );
      expect(pushed).toMatchObject({ status: 201, body: { expires_in: 20 } });
    });
  });
});
