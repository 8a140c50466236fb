import { randomUUID } from 'node:crypto';
import { type Actor, type AuditEvent, auditMetadata } from '../events/audit.ts';
import {
  type AuditWrite,
  type Flush,
  type FlowModel,
  type FlowWrite,
  type GrantWrite,
  isFlowModel,
  isTokenModel,
  type Model,
  type Payload,
  type SessionWrite,
  type TokenWrite,
} from './artefacts.ts';
import { keyOfValue } from './keys.ts';

/** A pushed request is used when the person comes back from signing in: it outlives its own 60 s by that. */
const PAR_EXTRA_SECONDS = 60 * 60;

/** What a request is going to write. The last word on a row counts; what it revokes it does not issue. */
export class PendingWrites {
  readonly #sessions = new Map<string, SessionWrite>();
  readonly #grants = new Map<string, GrantWrite>();
  readonly #tokens = new Map<string, TokenWrite>();
  readonly #flows = new Map<string, FlowWrite>();
  readonly #endedSessions = new Set<string>();
  readonly #deletedTokens = new Set<string>();
  readonly #deletedFlows = new Map<string, Flush['deletedFlows'][number]>();
  readonly #closedInteractions = new Map<string, Flush['closedInteractions'][number]>();
  readonly #revokedGrants = new Set<string>();
  readonly #audits: AuditWrite[] = [];

  /** Everything, as it leaves. */
  flush(): Flush {
    return {
      sessions: [...this.#sessions.values()],
      grants: [...this.#grants.values()],
      tokens: [...this.#tokens.values()],
      flows: [...this.#flows.values()],
      endedSessions: [...this.#endedSessions],
      deletedTokens: [...this.#deletedTokens],
      deletedFlows: [...this.#deletedFlows.values()],
      closedInteractions: [...this.#closedInteractions.values()],
      revokedGrants: [...this.#revokedGrants],
      audits: this.#audits,
    };
  }

  /** Writes a session; `movedFrom` is its key before, when it gets a new id: one row that moves. */
  session(write: SessionWrite, movedFrom: string | undefined): void {
    if (movedFrom !== undefined) this.#endedSessions.delete(movedFrom);
    this.#sessions.set(write.uid, write);
  }

  endSession(key: string, wasLoaded: boolean): void {
    if (wasLoaded) this.#endedSessions.add(key);
    for (const [uid, session] of this.#sessions) if (session.key === key) this.#sessions.delete(uid);
  }

  forgetNewSessions(): void {
    for (const [uid, session] of this.#sessions) if (!session.loaded) this.#sessions.delete(uid);
  }

  /** Writes a grant, token or piece of flow state. `leewaySeconds` only matters for refresh tokens. */
  artefact(
    model: Model,
    key: string,
    payload: Payload,
    text: string,
    { ttlSeconds, leewaySeconds }: { ttlSeconds: number; leewaySeconds: number },
  ): void {
    const name = nameOf(model, key);
    const account = { accountId: string(payload.accountId), clientId: string(payload.clientId) };
    if (model === 'Grant') {
      this.#grants.set(key, { grantId: key, payload: text, ttlSeconds, ...account });
    } else if (isTokenModel(model)) {
      const grantId = string(payload.grantId);
      const sessionUid = string(payload.sessionUid);
      this.#tokens.set(name, {
        model,
        key,
        grantId,
        sessionUid,
        payload: text,
        leewaySeconds,
        ttlSeconds,
        ...account,
      });
    } else if (isFlowModel(model)) {
      this.#flows.set(name, flowWrite(model, key, payload, text, ttlSeconds));
    } else {
      throw new Error(`${model} is not written like this`);
    }
  }

  drop(model: Model, key: string): void {
    const name = nameOf(model, key);
    if (isTokenModel(model)) {
      this.#tokens.delete(name);
      this.#deletedTokens.add(key);
    } else if (isFlowModel(model)) {
      this.#flows.delete(name);
      this.#deletedFlows.set(name, { model, key });
    }
  }

  /** Ends an interaction, which keeps `remains`. */
  closeInteraction(key: string, remains: string): void {
    this.#flows.delete(nameOf('Interaction', key));
    this.#closedInteractions.set(key, { key, remains });
  }

  revokeGrant(grantId: string): void {
    this.#revokedGrants.add(grantId);
    this.#grants.delete(grantId);
    for (const [name, token] of this.#tokens) if (token.grantId === grantId) this.#tokens.delete(name);
    for (const [name, flow] of this.#flows) {
      if (flow.grantId === grantId && flow.model !== 'Interaction') this.#flows.delete(name);
    }
  }

  audit(event: AuditEvent, by: Actor): void {
    this.#audits.push({
      eventId: randomUUID(),
      subject: event.subject,
      action: event.action,
      metadata: JSON.stringify(auditMetadata(event, by)),
      payload: JSON.stringify({ [`${event.subject}_${event.action}`]: event.payload ?? {} }),
    });
  }
}

/** One name for an artefact of any kind. */
export const nameOf = (model: Model, key: string): string => `${model}:${key}`;

function flowWrite(
  model: FlowModel,
  key: string,
  payload: Payload,
  text: string,
  ttlSeconds: number,
): FlowWrite {
  const session = payload.session as Payload | undefined;
  const result = payload.result as { login?: Payload; consent?: Payload } | undefined;
  const params = payload.params as Payload | undefined;
  return {
    model,
    key,
    payload: text,
    userCodeKey: typeof payload.userCode === 'string' ? keyOfValue(payload.userCode) : undefined,
    // An interaction's grant and session are what its next request reads first.
    grantId: string(result?.consent?.grantId) ?? string(payload.grantId),
    sessionUid: string(payload.sessionUid) ?? string(session?.uid),
    accountId: string(payload.accountId) ?? string(result?.login?.accountId) ?? string(session?.accountId),
    clientId: string(payload.clientId) ?? string(params?.client_id),
    ttlSeconds: ttlSeconds + (model === 'PushedAuthorizationRequest' ? PAR_EXTRA_SECONDS : 0),
  };
}

const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
