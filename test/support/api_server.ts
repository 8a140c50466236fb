import { expect } from 'vitest';
import { apiRoutes } from '../../src/api/index.ts';
import { describeApi } from '../../src/api/openapi.ts';
import type { Route } from '../../src/api/route.ts';
import type { Domain } from '../../src/domain.ts';
import { SYSTEM_ACTOR } from './domain.ts';
import { RelyingParty } from './relying_party.ts';
import { startTestServer, type TestServer } from './server.ts';

/** The tenant that the installation is run from. */
export const SYSTEM_TENANT = 'default';

export type ClientCredentials = { readonly clientId: string; readonly clientSecret: string };

export type ApiServer = Omit<TestServer, 'elsewhere' | 'publicUrl'> & {
  readonly url: string;
  readonly domain: Domain;
  /** A caller with a token of the tenant's management client, or of another client of its `admin` workspace. */
  api(tenantId: string, as?: ClientCredentials): ApiClient;
  /** A backend: a caller with a token of the tenant's `system` workspace, and such a token. */
  system(tenantId: string, ...scopes: string[]): Promise<ApiClient>;
  systemToken(tenantId: string, ...scopes: string[]): Promise<string>;
  /** A caller with the token of a person who has just signed in to the tenant's `admin` workspace. */
  signIn(tenantId: string, identifier: string, password: string): Promise<ApiClient>;
  /** The access token that `api` sends. */
  token(tenantId: string, as?: ClientCredentials): Promise<string>;
  createTenant(id: string): Promise<{ administratorsPoolId: string } & ClientCredentials>;
};

export type ApiAnswer = {
  readonly status: number;
  readonly headers: Headers;
  // Tests look into answers as they please.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly etag: string;
};

export type ApiClient = {
  get(path: string, headers?: Record<string, string>): Promise<ApiAnswer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  delete(path: string, headers?: Record<string, string>, body?: unknown): Promise<ApiAnswer>;
};

/** A whole server with real tokens. Every answer is held against what the route table and its document declare. */
export async function startApiServer(env: Record<string, string> = {}): Promise<ApiServer> {
  const server = await startTestServer(env);
  const { elsewhere: domain, publicUrl: url } = server;
  const managers = new Map<string, ClientCredentials>();
  const tokens = new Map<string, Promise<string>>();
  const consoles = new Map<string, ClientCredentials>();

  const manager = server.credentials?.managementClient;
  if (manager === undefined) throw new Error('the first start gave no management client');
  managers.set(SYSTEM_TENANT, { clientId: manager.id, clientSecret: manager.secret });

  const token = async (tenantId: string, as = managers.get(tenantId)): Promise<string> => {
    if (as === undefined) throw new Error(`nobody manages the tenant ${tenantId}`);
    const key = `${tenantId}/${as.clientId}`;
    const fetched = tokens.get(key) ?? fetchToken(`${url}/${tenantId}/admin`, as);
    tokens.set(key, fetched);
    return fetched;
  };
  const systemToken = async (tenantId: string, ...scopes: string[]): Promise<string> => {
    const scope = { tenantId, workspaceId: 'system' };
    const backend = { grantTypes: ['client_credentials'] as const, scopes };
    const { id, clientSecret = '' } = await domain.clients.create(scope, backend, SYSTEM_ACTOR);
    return fetchToken(`${url}/${tenantId}/system`, { clientId: id, clientSecret }, scopes);
  };
  const consoleOf = async (tenantId: string): Promise<ClientCredentials> => {
    const known = consoles.get(tenantId);
    if (known !== undefined) return known;
    const scope = { tenantId, workspaceId: 'admin' };
    const app = { redirectUris: ['https://console.example.test/cb'], trusted: true };
    const { id, clientSecret = '' } = await domain.clients.create(scope, app, SYSTEM_ACTOR);
    const made = { clientId: id, clientSecret };
    consoles.set(tenantId, made);
    return made;
  };

  return {
    ...server,
    url,
    domain,
    token,
    api: (tenantId, as) => callerWith(url, () => token(tenantId, as)),
    systemToken,
    async system(tenantId, ...scopes) {
      const got = await systemToken(tenantId, ...scopes);
      return callerWith(url, () => Promise.resolve(got));
    },
    async signIn(tenantId, identifier, password) {
      const app = await RelyingParty.discover({
        issuer: `${url}/${tenantId}/admin`,
        ...(await consoleOf(tenantId)),
        redirectUri: 'https://console.example.test/cb',
      });
      const { tokens: got } = await app.signIn({ identifier, password });
      return callerWith(url, () => Promise.resolve(got.access_token));
    },
    async createTenant(id) {
      const { adminClient, administratorsPoolId } = await domain.tenants.create({ id }, SYSTEM_ACTOR);
      const credentials = { clientId: adminClient.id, clientSecret: adminClient.clientSecret };
      managers.set(id, credentials);
      return { administratorsPoolId, ...credentials };
    },
  };
}

async function fetchToken(
  issuer: string,
  { clientId, clientSecret }: ClientCredentials,
  scopes: readonly string[] = [],
): Promise<string> {
  const response = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(`no token from ${issuer}: ${JSON.stringify(body)}`);
  return body.access_token;
}

/** A caller that sends the token; every answer is held against what is declared. */
export function callerWith(url: string, token: () => Promise<string>): ApiClient {
  const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${await token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = await answerOf(response);
    expectDeclared(method, path, answer);
    return answer;
  };
  return {
    get: (path, headers) => send('GET', path, headers),
    post: (path, body, headers) => send('POST', path, headers, body),
    put: (path, body, headers) => send('PUT', path, headers, body),
    delete: (path, headers, body) => send('DELETE', path, headers, body),
  };
}

const document = describeApi(apiRoutes, 'http://localhost') as {
  paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
};
const patterns = apiRoutes.map(
  (route) => [new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`), route] as const,
);

/** Holds an answer against the route it came from: a status of its document, a body of its schema. */
export function expectDeclared(method: string, path: string, answer: ApiAnswer): void {
  const found = patterns.find(
    ([pattern, route]) => route.method === method.toLowerCase() && pattern.test(path.split('?')[0] as string),
  );
  if (found === undefined) return;
  const route: Route = found[1];
  const declared = Object.keys(document.paths[route.path]?.[route.method]?.responses ?? {});
  expect(declared, `${route.operationId}: ${JSON.stringify(answer.body)}`).toContain(String(answer.status));
  if (answer.status !== route.answers.status) return;
  if (route.answers.schema === undefined) expect(answer.body).toBeUndefined();
  else expect(route.answers.schema.safeParse(answer.body).error).toBeUndefined();
}

/** The statuses of answers that came in any order. */
export const statuses = (answers: readonly ApiAnswer[]): number[] =>
  answers.map(({ status }) => status).sort((a, b) => a - b);

/** An answer with its body read. */
export async function answerOf(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
    etag: response.headers.get('etag') ?? '',
  };
}
