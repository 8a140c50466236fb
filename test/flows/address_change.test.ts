import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser } from '../support/browser_without_javascript.ts';
import { addPerson, addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage, messagesTo } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const workspaceId = 'moving';
const poolId = `${workspaceId}-people`;
const password = 'quiet otter crosses river';
const request = { workspaceId, by: SYSTEM_ACTOR, source: undefined };

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  await addWorkspace(server.elsewhere, workspaceId);
});
afterAll(() => server.stop());

const browser = () => new Browser({ origin: server.publicUrl });

async function person(name: string) {
  const old = `${name}@example.test`;
  const userId = await addPerson(server.elsewhere, poolId, { identifier: old, password });
  const scope = { tenantId: 'default', poolId, userId };
  const address = { type: 'email', address: old, verified: true, status: 'active' } as const;
  await server.elsewhere.addresses.add(scope, address, SYSTEM_ACTOR);
  return { scope, old, next: `${name}.new@example.test` };
}

type Scope = Awaited<ReturnType<typeof person>>['scope'];

async function knownAs(scope: Scope) {
  const { identifiers, addresses } = await server.elsewhere.users.get(scope);
  const proven = addresses.filter(({ verified }) => verified).map(({ address }) => address);
  return { names: identifiers.map(({ identifier }) => identifier), proven };
}

async function signsIn(identifier: string): Promise<boolean> {
  const app = await relyingParty(server, { workspaceId });
  await app.begin();
  const end = await app.browser.submit('#login-form', { identifier, password });
  return end.stoppedAt !== undefined;
}

describe('an address that somebody changes', () => {
  test('changes when the new one is confirmed; the old one is told before and after, and takes it back', async () => {
    const { scope, old, next } = await person('mira');
    const app = await relyingParty(server, { workspaceId });
    const signedIn = await app.signIn({ identifier: old, password });
    await server.elsewhere.addressChanges.begin(scope, { ...request, address: next, replaces: old });
    expect(await knownAs(scope)).toEqual({ names: [old], proven: [old] });
    expect(await server.elsewhere.addressChanges.pending(scope)).toMatchObject({
      address: next,
      replaces: old,
    });
    expect((await latestMessage(server, old)).template).toBe('address_change_requested');

    const reader = browser();
    await reader.open((await latestMessage(server, next)).link ?? '');
    await reader.submit('#verify-form');
    expect(await knownAs(scope)).toEqual({ names: [next], proven: [next] });
    expect(await signsIn(next)).toBe(true);
    const userinfo = await fetch(`${server.publicUrl}/default/${workspaceId}/userinfo`, {
      headers: { authorization: `Bearer ${signedIn.tokens.access_token}` },
    });
    expect(userinfo.status).toBe(401);

    const { link = '', template } = await latestMessage(server, old);
    expect(template).toBe('address_change_done');
    // A thief goes on, to an address that was not told of yet.
    const third = 'mira.third@example.test';
    const { addressChanges } = server.elsewhere;
    await addressChanges.begin(scope, { ...request, address: third, replaces: next });
    const { code = '' } = await latestMessage(server, third);
    await addressChanges.confirm(scope, { ...request, address: third, code });
    const owner = browser();
    await owner.open(link);
    await owner.open(link);
    expect(await knownAs(scope)).toEqual({ names: [third], proven: [third] });
    const done = await owner.submit('#object-form');
    expect(done.document.query('[data-done=address_objected]')).toBeDefined();
    expect(await knownAs(scope)).toEqual({ names: [old], proven: [old] });
    // The password is known to somebody else: only a message leads on.
    expect(await signsIn(old)).toBe(false);
    await owner.follow('#done-new-password');
    await owner.submit('#recover-form', { identifier: old });
    expect((await latestMessage(server, old)).template).toBe('reset_credentials_with_link');
    expect((await owner.open(link)).status).toBe(410);
  });

  test('stays when the old one objects in time; of several objections at once, one counts', async () => {
    const { scope, old, next } = await person('noor');
    await server.elsewhere.addressChanges.begin(scope, { ...request, address: next, replaces: old });
    const code = new URL((await latestMessage(server, next)).link ?? '').searchParams.get('code') ?? '';
    const objection = new URL((await latestMessage(server, old)).link ?? '').searchParams.get('code') ?? '';
    const { addressChanges } = server.elsewhere;
    const objects = Array.from({ length: 50 }, () => addressChanges.object(scope, objection, SYSTEM_ACTOR));
    const ends = await Promise.allSettled(objects);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(addressChanges.confirm(scope, { ...request, address: next, code })).rejects.toThrow();
    expect(await knownAs(scope)).toEqual({ names: [old], proven: [old] });
    const forged = `${objection.slice(0, -1)}${objection.endsWith('A') ? 'B' : 'A'}`;
    expect(await addressChanges.isOpen(scope, forged)).toBe(false);
  });

  test('never becomes one that is somebody else’s, and nothing says that it is', async () => {
    const { scope, old } = await person('olaf');
    const other = await person('olga');
    await server.elsewhere.addressChanges.begin(scope, { ...request, address: other.old, replaces: old });
    expect(await server.elsewhere.addressChanges.pending(scope)).toMatchObject({ address: other.old });
    expect(await messagesTo(server, other.old)).toEqual([]);
    // The next wish takes its place.
    await server.elsewhere.addressChanges.begin(scope, { ...request, address: 'o2@example.test' });
    const { code = '' } = await latestMessage(server, 'o2@example.test');
    await server.elsewhere.addressChanges.confirm(scope, { ...request, address: 'o2@example.test', code });
    expect(await knownAs(scope)).toEqual({ names: [old], proven: [old, 'o2@example.test'] });
    expect(await server.elsewhere.addressChanges.pending(scope)).toBeUndefined();
  });
});
