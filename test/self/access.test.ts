import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { CALLBACK, SECRET, startSelfServer, type SelfServer } from '../support/self_api.ts';

const ISSUER = '/acme/shop';
const SESSIONS = `${ISSUER}/sso/sessions`;
const TOKENS = `${ISSUER}/tokens`;
const OWN = 'openid view_ss_profile view_sessions manage_sessions manage_tokens';
const PORTAL = { clientId: 'portal' };

let server: SelfServer;
beforeAll(async () => {
  server = await startSelfServer();
  const app = { clientSecret: SECRET, redirectUris: [CALLBACK], scopes: OWN.split(' ') };
  const more = { audience: [`${server.url}/api`], trusted: true };
  for (const workspaceId of ['shop', 'annex']) {
    const scope = { tenantId: 'acme', workspaceId };
    if (workspaceId === 'annex') {
      await server.domain.workspaces.create(
        { tenantId: 'acme' },
        { id: 'annex', name: 'Annex' },
        SYSTEM_ACTOR,
      );
      await server.domain.connections.create(scope, { poolId: 'customers', name: 'Annex' }, SYSTEM_ACTOR);
    }
    await server.domain.clients.create(
      scope,
      { ...app, ...more, id: workspaceId === 'annex' ? 'portal-2' : 'portal' },
      SYSTEM_ACTOR,
    );
  }
});
afterAll(() => server.stop());

type Session = { readonly id: string };
const idsOf = (body: { sessions: Session[] }) => body.sessions.map(({ id }) => id);

describe('one’s own sessions at an issuer', () => {
  it('are listed with when they began, were proven and used, and from where', async () => {
    const { identifier } = await server.addPerson('Lea');
    const [first, second] = [
      await server.signIn(identifier, OWN, PORTAL),
      await server.signIn(identifier, OWN, PORTAL),
    ];
    await server.signIn(identifier, OWN, { clientId: 'portal-2', workspaceId: 'annex' });
    const { status, body } = await first.get(SESSIONS);
    expect(status).toBe(200);
    expect(body.sessions).toHaveLength(2);
    for (const session of body.sessions) {
      expect(session).toMatchObject({ type: 'sso', ip_address: expect.any(String) as string });
      const { issue_time: issued, auth_time: proven, active_time: used } = session;
      for (const time of [issued, proven, used]) {
        expect(Math.abs(Date.now() - Date.parse(time as string))).toBeLessThan(60_000);
      }
    }
    expect((await second.get(SESSIONS)).body).toEqual(body);
  });

  it('end one by one, with what was granted in them', async () => {
    const { identifier } = await server.addPerson('Mia');
    const lost = await server.signIn(identifier, OWN, PORTAL);
    const [lostId] = idsOf((await lost.get(SESSIONS)).body);
    const here = await server.signIn(identifier, OWN, PORTAL);
    expect((await here.delete(`${SESSIONS}/${lostId}`)).status).toBe(204);
    expect((await lost.get(SESSIONS)).status).toBe(401);
    expect(idsOf((await here.get(SESSIONS)).body)).not.toContain(lostId);
    expect((await here.delete(`${SESSIONS}/${lostId}`)).status).toBe(404);
  });

  it('are nobody else’s, nor another issuer’s', async () => {
    const [nia, ora] = [await server.addPerson('Nia'), await server.addPerson('Ora')];
    const owner = await server.signIn(nia.identifier, OWN, PORTAL);
    const [id] = idsOf((await owner.get(SESSIONS)).body);
    const stranger = await server.signIn(ora.identifier, OWN, PORTAL);
    const annex = await server.signIn(nia.identifier, OWN, { clientId: 'portal-2', workspaceId: 'annex' });
    expect((await stranger.delete(`${SESSIONS}/${id}`)).status).toBe(404);
    expect((await annex.delete(`/acme/annex/sso/sessions/${id}`)).status).toBe(404);
    expect((await annex.get(SESSIONS)).status).toBe(401);
    expect(idsOf((await owner.get(SESSIONS)).body)).toEqual([id]);
  });

  it('need a scope each: to see, to end, to end all', async () => {
    const { identifier } = await server.addPerson('Pia');
    const whole = await server.signIn(identifier, OWN, PORTAL);
    const [id] = idsOf((await whole.get(SESSIONS)).body);
    const calls = {
      view_sessions: ['get', SESSIONS],
      manage_sessions: ['delete', `${SESSIONS}/${id}`],
      manage_tokens: ['delete', TOKENS],
    } as const;
    for (const [scope, [method, path]] of Object.entries(calls)) {
      const others = OWN.split(' ')
        .filter((one) => one !== scope)
        .join(' ');
      const answer = await (await server.signIn(identifier, others, PORTAL))[method](path);
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'insufficient_scope' } });
      expect(answer.headers.get('www-authenticate')).toContain(scope);
      expect((await fetch(server.url + path, { method })).status).toBe(401);
    }
    expect((await whole.get(SESSIONS)).status).toBe(200);
  });
});

describe('one’s own tokens at an issuer', () => {
  it('end but for what the call is made with, there and nowhere else', async () => {
    const { id, identifier } = await server.addPerson('Quin');
    const [there, here, annex, other] = [
      await server.signIn(identifier, OWN, PORTAL),
      await server.signIn(identifier, OWN, PORTAL),
      await server.signIn(identifier, OWN, { clientId: 'portal-2', workspaceId: 'annex' }),
      await server.signIn((await server.addPerson('Rae')).identifier, OWN, PORTAL),
    ];
    expect((await here.delete(TOKENS)).status).toBe(204);
    expect((await there.get(SESSIONS)).status).toBe(401);
    expect((await here.get(SESSIONS)).body.sessions).toHaveLength(1);
    expect((await annex.get('/acme/annex/sso/sessions')).body.sessions).toHaveLength(1);
    expect((await other.get(SESSIONS)).body.sessions).toHaveLength(1);
    const [event] = await server.domain.audit.list({ tenantId: 'acme' }, 1);
    expect(event).toMatchObject({
      action: 'revoked',
      payload: { tokens_revoked: { user_id: id, server_id: 'shop', tokens: 'others' } },
    });
  });

  it('end with the one of the call, when that is asked for', async () => {
    const { identifier } = await server.addPerson('Sol');
    const here = await server.signIn(identifier, OWN, PORTAL);
    expect((await here.delete(`${TOKENS}?revoke_current_token=perhaps`)).status).toBe(400);
    expect((await here.delete(`${TOKENS}?revoke_current_token=true`)).status).toBe(204);
    expect((await here.get(SESSIONS)).status).toBe(401);
  });

  // A signed token is stored nowhere: nothing says which session it came from.
  it('keep no session for a token that is signed', async () => {
    const { identifier } = await server.addPerson('Tom');
    const opaque = await server.signIn(identifier, OWN, PORTAL);
    const jwt = await server.signIn(identifier, OWN, { ...PORTAL, resource: `${server.url}/api` });
    expect((await jwt.delete(TOKENS)).status).toBe(204);
    expect((await opaque.get(SESSIONS)).status).toBe(401);
    expect((await jwt.get(SESSIONS)).body).toEqual({ sessions: [] });
  });
});
