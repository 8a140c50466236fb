import { createLocalJWKSet, errors as joseErrors, jwtVerify, type JWTPayload } from 'jose';
import type { Knex } from 'knex';
import { isAdmitted, type RequiredGroup } from '../access/required_groups.ts';
import type { Principal, TokenVerifier } from '../roles/principal.ts';
import type { Payload } from '../sessions/artefacts.ts';
import type { Secrets } from '../sessions/hidden_values.ts';
import { UnitOfWork } from '../sessions/unit_of_work.ts';
import { mayAct } from '../users/account.ts';
import { SIGNING_ALGS } from '../workspaces/signing_key.ts';
import { connectionForPool } from '../workspaces/snapshot.ts';
import type { ProviderCache } from './provider_cache.ts';
import { managementAudience } from './resources.ts';
import type { WorkspaceServer } from './workspace_server.ts';

export type TokenVerifierDeps = {
  readonly knex: Knex;
  readonly secrets: Secrets;
  readonly servers: ProviderCache;
  readonly publicUrl: string;
};

/** Opaque tokens as the library makes them: 43 characters of base64url. */
const OPAQUE = /^[\w-]{43}$/;
const MAX_JWT_LENGTH = 8_192;

/**
 * Makes the function by which our own APIs know who calls (design 1, "Access tokens"): an opaque token that
 * names no API, or a JWT for the management API (RFC 9068), of exactly the workspace that is asked for. Client
 * and person are checked anew at every call (rule 25).
 */
export function createTokenVerifier(deps: TokenVerifierDeps): TokenVerifier {
  // Nobody consents to the administration of a tenant: a person's own applications may use it, no others.
  return verifier(deps, ({ userId, trusted }) => userId === undefined || trusted);
}

/**
 * The same for the self API: a person's token that any application of the workspace holds. What the application
 * may do with it, the person has said by granting a scope.
 */
export function createSelfTokenVerifier(deps: TokenVerifierDeps): TokenVerifier {
  return verifier(deps, () => true);
}

type Holder = { readonly userId: string | undefined; readonly trusted: boolean };

function verifier(deps: TokenVerifierDeps, accepts: (holder: Holder) => boolean): TokenVerifier {
  return async (tenantId, workspaceId, token) => {
    const server = await deps.servers.get({ tenantId, workspaceId });
    if (!server) return undefined;
    const proven = await prove(deps, server, token);
    if (proven === undefined) return undefined;
    const client = await server.clients.find(proven.clientId);
    if (!client || !accepts({ userId: proven.userId, trusted: client.trusted })) return undefined;
    const found = await principal(proven.unit, server, proven, client.requiredGroups);
    return found && { ...found, trusted: client.trusted };
  };
}

async function prove(deps: TokenVerifierDeps, server: WorkspaceServer, token: string) {
  if (OPAQUE.test(token)) return verifyOpaque(deps, server, token);
  return token.length <= MAX_JWT_LENGTH ? verifyJwt(deps, server, token) : undefined;
}

type Proven = {
  unit: UnitOfWork;
  clientId: string;
  userId: string | undefined;
  scope: string | undefined;
  authTime: number | undefined;
  issuedUnder?: { grantId: string; sessionUid?: string };
};

async function verifyOpaque(
  deps: TokenVerifierDeps,
  server: WorkspaceServer,
  token: string,
): Promise<Proven | undefined> {
  const unit = openUnit(deps, server);
  const payload = await unit.find('AccessToken', token);
  if (!isAlive(payload) || payload.aud !== undefined || payload.jkt !== undefined) return undefined;
  if (!isAlive(await unit.find('Grant', payload.grantId as string))) return undefined;
  if (payload.expiresWithSession === true) {
    const session = await unit.findSessionByUid(payload.sessionUid as string);
    if (!isAlive(session) || session.accountId !== payload.accountId) return undefined;
  }
  const extra = payload.extra as { auth_time?: number } | undefined;
  const sessionUid = payload.sessionUid as string | undefined;
  return {
    unit,
    clientId: payload.clientId as string,
    userId: payload.accountId as string,
    scope: payload.scope as string | undefined,
    authTime: extra?.auth_time,
    issuedUnder: {
      grantId: payload.grantId as string,
      ...(sessionUid === undefined ? {} : { sessionUid }),
    },
  };
}

async function verifyJwt(
  deps: TokenVerifierDeps,
  server: WorkspaceServer,
  token: string,
): Promise<Proven | undefined> {
  let claims: JWTPayload;
  try {
    // RFC 9068 §4: issuer, audience, algorithm and type are all checked; keys come from us alone.
    const keys = createLocalJWKSet({ keys: server.snapshot.keys.map(({ jwk }) => publicPart(jwk)) });
    ({ payload: claims } = await jwtVerify(token, keys, {
      issuer: server.issuer,
      audience: managementAudience(deps.publicUrl),
      algorithms: [...SIGNING_ALGS],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'sub', 'sub_type', 'client_id'],
    }));
  } catch (error) {
    if (error instanceof joseErrors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
  if (claims.cnf !== undefined) return undefined;
  return {
    unit: openUnit(deps, server),
    clientId: claims.client_id as string,
    userId: claims.sub_type === 'client' ? undefined : claims.sub,
    scope: claims.scope as string | undefined,
    authTime: claims.auth_time as number | undefined,
  };
}

async function principal(
  unit: UnitOfWork,
  server: WorkspaceServer,
  proven: Proven,
  requiredGroups: readonly RequiredGroup[],
): Promise<Principal | undefined> {
  const { snapshot } = server;
  const { clientId, userId, scope, authTime } = proven;
  const common = {
    tenantId: snapshot.tenantId,
    workspaceId: snapshot.workspaceId,
    clientId,
    scopes: new Set(scope?.split(' ')),
    ...(authTime === undefined ? {} : { authTime }),
    ...proven.issuedUnder,
  };
  if (userId === undefined) return { kind: 'client', ...common };
  const account = await unit.findAccount(userId);
  if (!mayAct(account) || !connectionForPool(snapshot, account.poolId)) return undefined;
  if (!isAdmitted(requiredGroups, account)) return undefined;
  return { kind: 'user', userId, poolId: account.poolId, ...common };
}

function openUnit(deps: TokenVerifierDeps, server: WorkspaceServer): UnitOfWork {
  const { tenantId, workspaceId } = server.snapshot;
  return new UnitOfWork(deps.knex, { tenantId, workspaceId }, deps.secrets);
}

function publicPart(jwk: WorkspaceServer['snapshot']['keys'][number]['jwk']) {
  const { kty, kid, alg, use, n, e, crv, x, y } = jwk;
  return { kty: kty as string, kid, alg, use, ...defined({ n, e, crv, x, y }) };
}

const defined = (entries: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

const isAlive = (payload: Payload | undefined): payload is Payload =>
  payload !== undefined && Number(payload.exp) > Date.now() / 1000;
