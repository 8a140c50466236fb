import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { createApi } from '../../src/api/index.ts';
import { errors } from '../../src/http/errors.ts';
import { requestId } from '../../src/http/request_id.ts';
import type { Principal, TokenVerifier } from '../../src/roles/principal.ts';
import { createTestDomain, SYSTEM_ACTOR, type TestDomain } from './domain.ts';

/** The tenant that the installation is run from. */
export const SYSTEM_TENANT = 'default';

export type ApiServer = TestDomain & {
  readonly url: string;
  /** A client of the API with the token of a tenant's management client, or of whoever `as` names. */
  api(tenantId: string, as?: Caller): ApiClient;
  /** A tenant with its management client. */
  createTenant(id: string): Promise<{ administratorsPoolId: string; clientId: string }>;
  /** What went wrong on our side, for tests that expect nothing to. */
  readonly failures: unknown[];
  stop(): Promise<void>;
};

export type Caller = { readonly clientId?: string; readonly userId?: string; readonly poolId?: string };

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

/**
 * The management API on port 0, on a database of its own, checking every answer against what its route declares.
 * Tokens are JSON in base64url that name the caller: who may have one is tested with the issuer, not here.
 */
export async function startApiServer(): Promise<ApiServer> {
  const test = await createTestDomain();
  const failures: unknown[] = [];
  const app = new Koa();
  app.silent = true;
  app.use(requestId());
  app.use(errors({ logger: { error: (fields) => void failures.push(fields) } }));
  app.use(
    createApi({
      domain: test.domain,
      verifyToken,
      systemTenantId: SYSTEM_TENANT,
      publicUrl: 'http://localhost:8080',
      checkAnswers: true,
    }),
  );
  // oxlint-disable-next-line typescript/no-misused-promises -- Koa's handler settles by itself
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const managers = new Map<string, string>();

  const createTenant = async (id: string) => {
    const { adminClient, administratorsPoolId } = await test.domain.tenants.create({ id }, SYSTEM_ACTOR);
    managers.set(id, adminClient.id);
    return { administratorsPoolId, clientId: adminClient.id };
  };
  const { clientId } = await createTenant(SYSTEM_TENANT);
  await test.domain.roles.grant(
    { tenantId: SYSTEM_TENANT },
    { resourceType: 'system', resourceId: '', role: 'operator', subjectType: 'client', subjectId: clientId },
    SYSTEM_ACTOR,
  );

  return {
    ...test,
    url,
    failures,
    createTenant,
    api: (tenantId, as) =>
      client(url, tokenFor(tenantId, as ?? { clientId: managers.get(tenantId) ?? 'unknown' })),
    stop: async () => {
      await close(server);
      await test.close();
    },
  };
}

/** A token that the tenant's `admin` workspace might have issued. */
export function tokenFor(tenantId: string, caller: Caller): string {
  return Buffer.from(JSON.stringify({ tenantId, ...caller })).toString('base64url');
}

const verifyToken: TokenVerifier = (tenantId, workspaceId, token) => {
  const claims = parse(token);
  if (claims?.tenantId !== tenantId || workspaceId !== 'admin') return Promise.resolve(undefined);
  const { userId, poolId, clientId = 'console' } = claims;
  const principal: Principal = {
    kind: userId === undefined ? 'client' : 'user',
    tenantId,
    workspaceId,
    clientId,
    scopes: new Set(),
    ...(userId === undefined ? {} : { userId }),
    ...(poolId === undefined ? {} : { poolId }),
  };
  return Promise.resolve(principal);
};

function parse(token: string): (Caller & { tenantId: string }) | undefined {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString()) as Caller & { tenantId: string };
  } catch {
    return undefined;
  }
}

function client(url: string, token: string): ApiClient {
  const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return answerOf(response);
  };
  return {
    get: (path, headers) => send('GET', path, headers),
    post: (path, body, headers) => send('POST', path, headers, body),
    put: (path, body, headers) => send('PUT', path, headers, body),
    delete: (path, headers, body) => send('DELETE', path, headers, body),
  };
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

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
