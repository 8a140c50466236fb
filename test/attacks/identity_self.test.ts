import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerWith, type ApiClient } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { SoftwareAuthenticator } from '../support/software_authenticator.ts';
import { CALLBACK, PASSWORD, SECRET, startSelfServer, type SelfServer } from '../support/self_api.ts';

const ISSUER_PATH = '/acme/shop';

let server: SelfServer;
beforeAll(async () => {
  server = await startSelfServer();
});
afterAll(() => server.stop());

describe('an application of strangers with a token of a person', () => {
  beforeAll(async () => {
    await server.domain.clients.create(
      { tenantId: 'acme', workspaceId: 'shop' },
      {
        id: 'strangers',
        clientSecret: SECRET,
        redirectUris: [CALLBACK],
        scopes: ['openid', 'view_ss_profile'],
      },
      SYSTEM_ACTOR,
    );
  });

  async function signedIn(who: string, scope: string): Promise<ApiClient> {
    const app = await RelyingParty.discover({
      issuer: `${server.url}${ISSUER_PATH}`,
      clientId: 'strangers',
      clientSecret: SECRET,
      redirectUri: CALLBACK,
      scope,
    });
    const flow = await app.begin();
    const asked = await app.browser.submit('#login-form', { identifier: who, password: PASSWORD });
    const end = asked.stoppedAt ? asked : await app.browser.submit('#consent-form', {}, '#consent-allow');
    const tokens = await client.authorizationCodeGrant(app.config, end.stoppedAt ?? end.url, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
    });
    return callerWith(server.url, () => Promise.resolve(tokens.access_token));
  }

  // Nobody has agreed to more than a sign-in.
  it('does with the first version of the API what it was granted, and nothing else', async () => {
    const { identifier } = await server.addPerson('Uma');
    const me = `${server.base}/self/me`;
    const change = { old_password: PASSWORD, new_password: 'nine other quiet otters' };
    const bare = await signedIn(identifier, 'openid');
    const answers = [
      await bare.get(me),
      await bare.put(me, { payload: person('Owned') }),
      await bare.post(`${server.base}/self/change-password`, change),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);

    const reader = await signedIn(identifier, 'openid view_ss_profile');
    expect((await reader.get(me)).body).toMatchObject({ payload: { name: 'Uma' } });
    expect((await reader.put(me, { payload: person('Owned') })).status).toBe(403);
  });
});

describe('somebody who registers to find out who is there', () => {
  const POOL = { tenantId: 'acme', poolId: 'registered' };
  const register = '/api/identity/acme/system/pools/registered/user/register';
  const OWNER = 'owner@example.test';
  beforeAll(async () => {
    const settings = { id: POOL.poolId, name: 'Registered', publicRegistrationAllowed: true };
    await server.domain.pools.create({ tenantId: 'acme' }, settings, SYSTEM_ACTOR);
    const owner = {
      status: 'active',
      payload: person('Owner'),
      identifiers: [{ type: 'uid', identifier: 'owner' }],
      addresses: [{ type: 'email', address: OWNER, verified: true }],
    } as const;
    await server.domain.users.create(POOL, owner, SYSTEM_ACTOR);
  });

  it('gets the same refusal for a taken name as for a free one', async () => {
    const authenticator = new SoftwareAuthenticator({ origin: server.url });
    const asked = { challenge: 'x', rp: { id: 'localhost' }, user: { id: 'x' } };
    const webauthn_credentials = [authenticator.record(asked)];
    const own = { identifier: 'own@example.test', webauthn_credentials };
    expect((await server.backend.post(register, own)).status).toBe(201);
    for (const wrong of [{ payload: { given_name: 1 } }, { webauthn_credentials }]) {
      const answers = [];
      for (const identifier of [OWNER, 'owner', 'free@example.test']) {
        const body = { identifier, ...(identifier === 'owner' && { otp_address: '+48600100200' }), ...wrong };
        const { status, body: said } = await server.backend.post(register, body);
        answers.push({ status, ...said, correlation_id: '' });
      }
      expect(answers[0]).toMatchObject({ status: 422 });
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[2]).toEqual(answers[0]);
    }
  });

  it('does not fill the mailbox of whoever has the name', async () => {
    const unlimited = { protected_type: 'identity_registration', max_attempts: 0, block_duration: '1m' };
    await server.api('acme').put('/api/admin/acme/bruteforce', unlimited);
    for (let i = 0; i < 8; i += 1) {
      const body = { identifier: 'owner', otp_address: `+4860010030${i}` };
      expect((await server.backend.post(register, body)).status).toBe(201);
    }
    const told = await server.db.knex('outbox').where({ template: 'identifier_used', recipient: OWNER });
    expect(told).toHaveLength(5);
  });
});
