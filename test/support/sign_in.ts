import type { Domain } from '../../src/domain.ts';
import { relyingParty, SYSTEM_ACTOR } from './demo.ts';
import { messagesTo } from './mailbox.ts';
import type { Browser } from './browser_without_javascript.ts';
import { RelyingParty } from './relying_party.ts';
import type { TestServer } from './server.ts';
import { SoftwareAuthenticator, type Bent } from './software_authenticator.ts';

export const PASSWORD = 'a long enough password';
const tenant = { tenantId: 'default' };

export type PersonOptions = {
  readonly password?: boolean;
  readonly mobile?: string;
  readonly totp?: string;
  readonly address?: boolean;
  readonly status?: 'active' | 'inactive' | 'new';
  readonly mustChange?: boolean;
};

/** A workspace with one pool, an application in it, and its people. */
export type House = Awaited<ReturnType<typeof openHouse>>;

export async function openHouse(
  server: TestServer,
  id: string,
  settings: Partial<Parameters<Domain['pools']['create']>[1]>,
) {
  const { elsewhere } = server;
  const poolId = `${id}-people`;
  await elsewhere.workspaces.create(tenant, { id, name: `Workspace ${id}` }, SYSTEM_ACTOR);
  await elsewhere.pools.create(tenant, { id: poolId, name: `${id} people`, ...settings }, SYSTEM_ACTOR);
  const connection = await elsewhere.connections.create(
    { ...tenant, workspaceId: id },
    { poolId, name: `${id} people` },
    SYSTEM_ACTOR,
  );
  const scope = { ...tenant, poolId };
  const app = await relyingParty(server, { workspaceId: id });

  return {
    id,
    scope,
    app,
    connectionId: connection.id,
    /** A browser that nobody has used yet, at the same application. */
    visitor: () => RelyingParty.discover(app.options),

    async person(name: string, options: PersonOptions = {}): Promise<{ userId: string; identifier: string }> {
      const identifier = `${name}@${id}.example`;
      const { mobile, totp, status = 'active', address = true, mustChange = false } = options;
      const user = await elsewhere.users.create(
        scope,
        {
          status,
          payload: { name: 'Test Person', given_name: 'Test', family_name: 'Person' },
          identifiers: [{ type: 'email', identifier }],
          addresses: [
            ...(address ? [{ type: 'email' as const, address: identifier, verified: true }] : []),
            ...(mobile === undefined ? [] : [{ type: 'mobile' as const, address: mobile, verified: true }]),
          ],
          ...(options.password === false
            ? {}
            : { password: { password: PASSWORD, mustBeChanged: mustChange, mustBeReset: false } }),
          ...(totp === undefined ? {} : { totp: { secret: totp, pointer: '/totp' } }),
        },
        SYSTEM_ACTOR,
      );
      return { userId: user.id, identifier };
    },

    /** The newest code that an address got. */
    async codeTo(address: string): Promise<string> {
      const code = (await messagesTo(server, address))
        .filter((one) => one.purpose === 'authentication')
        .at(-1);
      if (code?.code === undefined) throw new Error(`no code was sent to ${address}`);
      return code.code;
    },

    /** Registers a passkey as its owner would. */
    async passkey(userId: string, bent: Bent = {}): Promise<SoftwareAuthenticator> {
      const key = new SoftwareAuthenticator({ origin: server.publicUrl });
      const options = await elsewhere.passkeys.beginCreation({ ...scope, userId });
      await elsewhere.passkeys.completeCreation(
        { ...scope, userId },
        key.create({ ...options, rp: { id: options.rp.id ?? '' } }, bent),
        SYSTEM_ACTOR,
      );
      return key;
    },

    /** Changes the pool, and waits until the server knows. */
    async change(settings: Partial<Parameters<Domain['pools']['update']>[1]>): Promise<void> {
      const before = await elsewhere.pools.get(scope);
      await elsewhere.pools.update(scope, { ...before, ...settings }, SYSTEM_ACTOR);
    },
  };
}

/** Where a form goes and what it carries, to be sent more than once. */
export function formOf({ document }: Browser, selector: string) {
  const { action, fields } = document.form(selector);
  return { action, fields: Object.fromEntries(fields.map(({ name, value }) => [name, value])) };
}

type PasskeyForm = { action: URL; options: URL; fields: Record<string, string> };

/** What the script of a page reads off its passkey form. */
function passkeyForm({ browser }: Pick<RelyingParty, 'browser'>): PasskeyForm {
  const { document, page } = browser;
  const { action, fields } = formOf(browser, '#passkey-form');
  const options = new URL(document.attribute('#passkey-form', 'data-options') ?? '', page.url);
  return { action, options, fields };
}

/** The challenge that the page's script would get. */
export async function challengeOf(party: Pick<RelyingParty, 'browser'>) {
  const { options, fields } = passkeyForm(party);
  const tab = party.browser.tab();
  const answer = await tab.post(options, fields);
  return { status: answer.status, options: JSON.parse(answer.body || '{}') as never };
}

/** Signs with a passkey as the script of the page does. */
export async function usePasskey(party: RelyingParty, key: SoftwareAuthenticator, bent: Bent = {}) {
  const { options } = await challengeOf(party);
  return party.browser.post(...assertionPost(party, key.get(options, bent)));
}

export function assertionPost(
  party: RelyingParty,
  { id, response }: ReturnType<SoftwareAuthenticator['get']>,
): [URL, Record<string, string>] {
  const { action, fields } = passkeyForm(party);
  const answer = {
    passkey_id: id,
    client_data: response.clientDataJSON,
    authenticator_data: response.authenticatorData,
    signature: response.signature,
    user_handle: response.userHandle ?? '',
  };
  return [action, { ...fields, ...answer }];
}

/** Makes a passkey as the script of the page does. */
export async function makePasskey(party: Pick<RelyingParty, 'browser'>, key: SoftwareAuthenticator) {
  const { action, fields } = passkeyForm(party);
  const { options } = await challengeOf(party);
  const { id, response } = key.create(options);
  return party.browser.post(action, {
    ...fields,
    passkey_id: id,
    client_data: response.clientDataJSON,
    attestation_object: response.attestationObject,
    transports: response.transports.join(' '),
  });
}
