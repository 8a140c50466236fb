import type { PoolService } from '../../src/pools/pool_service.ts';
import { startApiServer, type ApiAnswer, type ApiServer } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { RelyingParty } from '../support/relying_party.ts';
import type { Ledger } from './ledger.ts';

export const TENANT = 'acme';
export const POOL = 'people';
export const WORKSPACE = 'web';
const CALLBACK = 'https://app.example.test/callback';
export const PASSWORD = 'quiet otter crosses river';

/** Whose token a request carries. */
export type CallerName =
  | 'admin'
  | 'roleless'
  | 'system'
  | 'scopeless'
  | 'self'
  | 'unscoped'
  | 'machine'
  | 'nobody';

export type Call = {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** As it is, for what no JSON writer would send. */
  readonly rawBody?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A tenant with everything the walk needs, and a way to call it that writes every answer into the ledger. */
export type World = {
  readonly server: ApiServer;
  /** The person whose token `self` is. */
  readonly owner: { readonly id: string; readonly identifier: string };
  call(as: CallerName, call: Call): Promise<ApiAnswer>;
  /** A person of the pool who may sign in. */
  addPerson(name: string): Promise<{ id: string; identifier: string }>;
  /** A token for the self API of somebody who signs in now. */
  signIn(identifier: string, scope?: string): Promise<string>;
  /** The token of a person who administers the tenant, and the connection they have come in by. */
  administrator(): Promise<{ token: string; connectionId: string }>;
  withToken(token: string, call: Call): Promise<ApiAnswer>;
};

const SYSTEM_SCOPES = [
  'identity',
  'identity_self_registration',
  'read_configuration',
  'manage_configuration',
];
const SELF_SCOPES = 'openid view_ss_profile manage_ss_profile';

export async function createWorld(ledger: Ledger, env: Record<string, string> = {}): Promise<World> {
  const server = await startApiServer(env);
  const { domain, url } = server;
  const { administratorsPoolId } = await server.createTenant(TENANT);
  const tenant = { tenantId: TENANT };
  const pool: Parameters<PoolService['create']>[1] = {
    id: POOL,
    name: 'People',
    publicRegistrationAllowed: true,
    authenticationMechanisms: ['password', 'email_otp', 'sms_otp', 'totp', 'webauthn'],
  };
  await domain.workspaces.create(tenant, { id: WORKSPACE, name: 'Web' }, SYSTEM_ACTOR);
  await domain.pools.create(tenant, pool, SYSTEM_ACTOR);
  await domain.connections.create(
    { ...tenant, workspaceId: WORKSPACE },
    { poolId: POOL, name: 'People' },
    SYSTEM_ACTOR,
  );

  const addPerson = async (name: string, poolId = POOL) => {
    const identifier = `${name}@example.test`;
    const made = await domain.users.create(
      { tenantId: TENANT, poolId },
      {
        status: 'active',
        payload: person(name),
        identifiers: [{ type: 'email', identifier }],
        addresses: [{ type: 'email', address: identifier, verified: true }],
        password: { password: PASSWORD, mustBeChanged: false, mustBeReset: false },
      },
      SYSTEM_ACTOR,
    );
    return { id: made.id, identifier };
  };
  /** An application of a workspace, and the token that it gets of whoever signs in. */
  const application = async (workspaceId: string, scopes: string) => {
    const { id, clientSecret = '' } = await domain.clients.create(
      { tenantId: TENANT, workspaceId },
      { redirectUris: [CALLBACK], trusted: true, scopes: scopes.split(' ') },
      SYSTEM_ACTOR,
    );
    return async (identifier: string, scope = scopes): Promise<string> => {
      const relyingParty = await RelyingParty.discover({
        issuer: `${url}/${TENANT}/${workspaceId}`,
        clientId: id,
        clientSecret,
        redirectUri: CALLBACK,
        scope,
      });
      const { tokens } = await relyingParty.signIn({ identifier, password: PASSWORD });
      return tokens.access_token;
    };
  };
  const signIn = await application(WORKSPACE, SELF_SCOPES);
  const administrator = async () => {
    const { id, identifier } = await addPerson('administrator', administratorsPoolId);
    const grant = { resourceType: 'tenant', resourceId: '', role: 'admin' } as const;
    const subject = { subjectType: 'identity_pool_user', subjectId: id } as const;
    await domain.roles.grant(tenant, { ...grant, ...subject }, SYSTEM_ACTOR);
    const enter = await application('admin', 'openid');
    const [connection] = await domain.connections.listByPool(
      { ...tenant, poolId: administratorsPoolId },
      { limit: 1 },
    );
    return { token: await enter(identifier), connectionId: connection?.id ?? '' };
  };
  const machine = async (workspaceId: string, scopes: readonly string[]): Promise<string> => {
    const { id, clientSecret = '' } = await domain.clients.create(
      { tenantId: TENANT, workspaceId },
      { grantTypes: ['client_credentials'], scopes },
      SYSTEM_ACTOR,
    );
    return clientToken(`${url}/${TENANT}/${workspaceId}`, id, clientSecret, scopes);
  };

  const owner = await addPerson('owner');
  const tokens: Record<Exclude<CallerName, 'nobody'>, string> = {
    admin: await server.token(TENANT),
    roleless: await machine('admin', []),
    system: await machine('system', SYSTEM_SCOPES),
    scopeless: await machine('system', []),
    self: await signIn(owner.identifier),
    unscoped: await signIn(owner.identifier, 'openid'),
    machine: await machine(WORKSPACE, []),
  };
  const withToken = (token: string | undefined, call: Call) => send(url, ledger, token, call);
  return {
    server,
    owner,
    addPerson,
    signIn,
    administrator,
    withToken,
    call: (as, call) => withToken(as === 'nobody' ? undefined : tokens[as], call),
  };
}

async function clientToken(
  issuer: string,
  id: string,
  secret: string,
  scopes: readonly string[],
): Promise<string> {
  const response = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(`no token from ${issuer}: ${JSON.stringify(body)}`);
  return body.access_token;
}

async function send(url: string, ledger: Ledger, token: string | undefined, call: Call): Promise<ApiAnswer> {
  const { method, path, body, rawBody, headers = {} } = call;
  const text = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url + path, {
    method: method.toUpperCase(),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text === undefined ? {} : { body: text }),
  });
  const received = await response.text();
  const answer: ApiAnswer = {
    status: response.status,
    headers: response.headers,
    body: received === '' ? undefined : (JSON.parse(received) as unknown),
    etag: response.headers.get('etag') ?? '',
  };
  ledger.record({ method, path, status: answer.status, body: answer.body, etag: answer.etag });
  return answer;
}
