import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson, addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, type RelyingParty, type SignedIn } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const tenant = { tenantId: 'default' };
/** Configuration reaches other processes within 2 s (design 4.15); users and sessions at once. */
const PROPAGATION_MS = 2_000;

/** Rule 25: status is checked at every step that issues or accepts anything. */
describe('access ends at every step', () => {
  let server: TestServer;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  type Scene = {
    app: RelyingParty;
    person: { identifier: string; password: string };
    userId: string;
    workspaceId: string;
    poolId: string;
    connectionId: string;
    signedIn: SignedIn;
    /** A code that was issued and not redeemed yet. */
    openCode: { callback: URL; verifier: string; state: string; nonce: string };
  };

  async function scene(): Promise<Scene> {
    count += 1;
    const person = { identifier: `person${count}@example.test`, password: 'a long enough password' };
    const made = await addWorkspace(server.elsewhere, `scene${count}`);
    const userId = await addPerson(server.elsewhere, made.poolId, person);
    const app = await relyingParty(server, { workspaceId: made.workspaceId });
    const signedIn = await app.signIn(person);
    const flow = await app.begin({ prompt: 'none' });
    if (!flow.page.stoppedAt) throw new Error('no SSO');
    return { app, person, userId, ...made, signedIn, openCode: { ...flow, callback: flow.page.stoppedAt } };
  }

  async function expectNothingWorks(it: Scene): Promise<void> {
    await expectNothingLeft(it);
    const { app, person } = it;
    const again = await app.begin({ prompt: 'login' });
    if (again.page.document.query('#login-form')) {
      const page = await app.browser.submit('#login-form', person);
      expect(page.stoppedAt, 'sign-in').toBeUndefined();
    }
  }

  /** Nothing of what was issued works any more; signing in again may. */
  async function expectNothingLeft({ app, signedIn, openCode }: Scene): Promise<void> {
    const { tokens, claims } = signedIn;
    const redeem = client.authorizationCodeGrant(app.config, openCode.callback, {
      pkceCodeVerifier: openCode.verifier,
      expectedState: openCode.state,
      expectedNonce: openCode.nonce,
    });
    await expect(redeem, 'code').rejects.toMatchObject({ status: expect.toSatisfy(isRefusal) as number });
    await expect(
      client.refreshTokenGrant(app.config, tokens.refresh_token ?? ''),
      'refresh',
    ).rejects.toMatchObject({ status: expect.toSatisfy(isRefusal) as number });
    await expect(
      client.fetchUserInfo(app.config, tokens.access_token, claims.sub as string),
      'userinfo',
    ).rejects.toThrow();
    const introspected = await client
      .tokenIntrospection(app.config, tokens.access_token)
      .catch(() => ({ active: false }));
    expect(introspected.active, 'introspection').toBe(false);

    const silent = await app.begin({ prompt: 'none' });
    const answer = silent.page.stoppedAt?.searchParams;
    expect(answer?.get('code') ?? undefined, 'silent').toBeUndefined();
    if (answer) expect(answer.get('error'), 'silent').toBe('login_required');
  }

  const isRefusal = (status: unknown) => status === 400 || status === 401 || status === 404;

  test('a deactivated person: at once', async () => {
    const it = await scene();
    await server.elsewhere.users.update(
      { ...tenant, poolId: it.poolId, userId: it.userId },
      { status: 'inactive' },
      SYSTEM_ACTOR,
    );
    await expectNothingWorks(it);
  });

  test('a deleted person: at once', async () => {
    const it = await scene();
    await server.elsewhere.users.remove({ ...tenant, poolId: it.poolId, userId: it.userId }, SYSTEM_ACTOR);
    await expectNothingWorks(it);
  });

  test('a password reset: at once', async () => {
    const it = await scene();
    const pool = { ...tenant, poolId: it.poolId };
    const { codeGeneration, recovery } = server.elsewhere;
    const { extendedCode } = await codeGeneration.generate(pool, {
      type: 'reset_password',
      key: { userId: it.userId },
      mayActFor: () => Promise.resolve(true),
      by: SYSTEM_ACTOR,
    });
    const newPassword = 'quiet otter crosses the river';
    await recovery.complete(pool, {
      code: extendedCode,
      newPassword,
      key: {},
      by: SYSTEM_ACTOR,
      source: undefined,
    });
    await expectNothingWorks(it);
    expect((await it.app.signIn({ ...it.person, password: newPassword })).tokens.access_token).toBeTruthy();
  });

  const revocations = {
    'tokens revoked by person': (it: Scene) =>
      server.elsewhere.revocations.ofUsers(
        { ...tenant, poolId: it.poolId },
        { userIds: [it.userId, 'nobody'], mayActFor: () => Promise.resolve(true), by: SYSTEM_ACTOR },
      ),
    'tokens revoked by subject': (it: Scene) =>
      server.elsewhere.revocations.ofSubjects(
        { ...tenant, workspaceId: it.workspaceId },
        { subjects: [it.userId], by: SYSTEM_ACTOR },
      ),
    'tokens revoked by subject of a connection': (it: Scene) =>
      server.elsewhere.revocations.ofSubjects(
        { ...tenant, workspaceId: it.workspaceId },
        { subjects: [it.userId], connectionId: it.connectionId, by: SYSTEM_ACTOR },
      ),
    'own tokens, the one of the call among them': ({ poolId, userId, workspaceId }: Scene) =>
      server.elsewhere.ownAccess.endAll({ ...tenant, poolId, userId, workspaceId }, undefined, SYSTEM_ACTOR),
  };
  test.each(Object.entries(revocations))('%s: at once, until the next sign-in', async (_name, revoke) => {
    const it = await scene();
    await revoke(it);
    await expectNothingLeft(it);
    expect((await it.app.signIn(it.person)).tokens.access_token).toBeTruthy();
  });

  test('of nobody but those who are named, and nowhere but there', async () => {
    const [one, other] = [await scene(), await scene()];
    const { revocations: service } = server.elsewhere;
    const mayActFor = () => Promise.resolve(true);
    const wrong = { userIds: [one.userId], mayActFor, by: SYSTEM_ACTOR };
    await service.ofUsers({ ...tenant, poolId: other.poolId }, wrong);
    await service.ofUsers({ ...tenant, poolId: one.poolId }, { ...wrong, userIds: [other.userId] });
    await service.ofSubjects(
      { ...tenant, workspaceId: other.workspaceId },
      { subjects: [one.userId], by: SYSTEM_ACTOR },
    );
    for (const { app, signedIn } of [one, other]) {
      expect((await app.begin({ prompt: 'none' })).page.stoppedAt?.searchParams.get('code')).toBeTruthy();
      const next = await client.refreshTokenGrant(app.config, signedIn.tokens.refresh_token ?? '');
      expect(next.access_token).toBeTruthy();
    }
  });

  // Side by side: each waits for what takes up to two seconds, in a workspace of its own.
  test.concurrent('a deactivated client', async () => {
    const it = await scene();
    const scope = { ...tenant, clientId: it.app.options.clientId };
    const current = await server.elsewhere.clients.get(scope);
    await server.elsewhere.clients.update(scope, { ...current, clientStatus: 'inactive' }, SYSTEM_ACTOR);
    await propagated();
    await expectNothingWorks(it);
  });

  test.concurrent('a deleted client', async () => {
    const it = await scene();
    await server.elsewhere.clients.remove({ ...tenant, clientId: it.app.options.clientId }, SYSTEM_ACTOR);
    await propagated();
    await expectNothingWorks(it);
  });

  test.concurrent('a disabled connection', async () => {
    const it = await scene();
    const scope = { ...tenant, workspaceId: it.workspaceId, connectionId: it.connectionId };
    const { poolId: _poolId, ...current } = await server.elsewhere.connections.get(scope);
    await server.elsewhere.connections.update(scope, { ...current, disabled: true }, SYSTEM_ACTOR);
    await propagated();
    await expectNothingWorks(it);
  });

  test.concurrent('a deleted connection', async () => {
    const it = await scene();
    await server.elsewhere.connections.remove(
      { ...tenant, workspaceId: it.workspaceId, connectionId: it.connectionId },
      SYSTEM_ACTOR,
    );
    await propagated();
    await expectNothingWorks(it);
  });

  test.concurrent('a deleted pool', async () => {
    const it = await scene();
    await server.elsewhere.pools.remove(
      { ...tenant, poolId: it.poolId },
      { withConnections: true },
      SYSTEM_ACTOR,
    );
    await propagated();
    await expectNothingWorks(it);
  });

  test.concurrent('a deleted workspace', async () => {
    const it = await scene();
    await server.elsewhere.workspaces.remove({ ...tenant, workspaceId: it.workspaceId }, SYSTEM_ACTOR);
    await propagated();
    await expectNothingWorks(it);
  });

  const propagated = () => new Promise((resolve) => setTimeout(resolve, PROPAGATION_MS));
});
