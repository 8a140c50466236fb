import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import { errors, Provider } from 'oidc-provider';
import type { Model, Payload } from '../sessions/artefacts.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';

/** What the adapter asks of the workspace it serves. */
export type AdapterContext = {
  /** Client metadata as oidc-provider wants it, from memory. */
  findClient(clientId: string): Promise<AdapterPayload | undefined>;
  /** What a refresh token carries of the person, so that a refresh says the same again. */
  contextToKeep(token: AdapterPayload): Promise<Payload | undefined>;
  /** For how many seconds a used refresh token of this client still gets a successor. */
  refreshTokenLeewaySeconds(clientId: string | undefined): number;
};

/**
 * oidc-provider's storage contract over the running request's unit of work. Nothing is kept here: a call
 * without an open unit throws.
 */
export function createAdapterFactory(context: AdapterContext): AdapterFactory {
  return (name) => (name === 'Client' ? clientAdapter(context) : artefactAdapter(name as Model, context));
}

/** Assertions and proofs are refused long before this; it only keeps a wild number out of SQL. */
const MAX_REPLAY_SECONDS = 24 * 60 * 60;

function artefactAdapter(model: Model, context: AdapterContext): Adapter {
  return {
    async find(id) {
      // A replay is claimed below, in one statement; to look first would be the race (rule 2).
      if (model === 'ReplayDetection') return undefined;
      const unit = currentUnit();
      const payload = await unit.find(model, id);
      if (model === 'RefreshToken') unit.keptContext = payload?.context as Payload | undefined;
      return payload;
    },
    async findByUid(uid) {
      return await currentUnit().findSessionByUid(uid);
    },
    async findByUserCode(userCode) {
      return await currentUnit().findByUserCode(model, userCode);
    },
    async upsert(id, payload, expiresIn) {
      const unit = currentUnit();
      const ttlSeconds = expiresIn ?? 0;
      if (model === 'ReplayDetection') {
        if (!(await unit.claim(id, Math.min(ttlSeconds, MAX_REPLAY_SECONDS)))) throw replayed();
        return;
      }
      if (model !== 'RefreshToken') return unit.save(model, id, payload, ttlSeconds);
      const kept = await context.contextToKeep(payload);
      // The library drops what it does not know; `find` above takes it out again.
      const stored = kept === undefined ? payload : { ...payload, context: kept };
      unit.save(model, id, stored, ttlSeconds, context.refreshTokenLeewaySeconds(payload.clientId));
    },
    async consume(id) {
      const unit = currentUnit();
      if (await unit.consume(model, id)) return;
      // Somebody else used it first: whatever came of that must not be accepted either (F1).
      const grantId = unit.grantOf(model, id);
      if (grantId !== undefined) await unit.killGrant(grantId);
      throw model === 'PushedAuthorizationRequest'
        ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
        : new errors.InvalidGrant('already used');
    },
    async destroy(id) {
      currentUnit().destroy(model, id);
    },
    async revokeByGrantId(grantId) {
      currentUnit().revokeGrant(grantId);
    },
  };
}

// Assertions and proofs share this model; the request tells which of them it was.
function replayed(): Error {
  const ctx = Provider.ctx;
  const isProof = ctx?.get('DPoP') && ctx.oidc.params?.client_assertion === undefined;
  return isProof
    ? new errors.InvalidDpopProof('DPoP proof JWT Replay detected')
    : new errors.InvalidClientAuth('client assertion tokens must only be used once');
}

function clientAdapter(context: AdapterContext): Adapter {
  const refuse = async () => {
    throw new Error('clients are managed through the management API');
  };
  return {
    find: (id) => context.findClient(id),
    findByUid: refuse,
    findByUserCode: refuse,
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
}
