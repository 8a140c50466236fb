import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import type { Actor, AuditEvent } from '../events/audit.ts';
import type { Account } from '../users/account.ts';
import { findAccount } from '../users/account_store.ts';
import * as store from './artefact_store.ts';
import {
  type ArtefactScope,
  isFlowModel,
  isTokenModel,
  type Model,
  type Payload,
  type Reading,
  type SessionOrigin,
} from './artefacts.ts';
import { flush } from './flush_store.ts';
import type { Secrets } from './hidden_values.ts';
import { Handles, keyOfValue } from './keys.ts';
import { nameOf, PendingWrites } from './pending_writes.ts';
import { Remembered } from './remembered.ts';
import { rowTtlSeconds, worthWriting } from './session_touch.ts';
import { type WayBack, whatRemains } from './way_back.ts';

const current = new AsyncLocalStorage<UnitOfWork>();

/** The unit of the running request. Throws when there is none: a store call outside a unit is a mistake. */
export function currentUnit(): UnitOfWork {
  const unit = current.getStore();
  if (!unit) throw new Error('no unit of work is open');
  return unit;
}

/**
 * One request's conversation with the artefact tables (design 4.12). The first read brings along what the
 * request will need; reads are remembered; `consume` and `claim` act at once; everything else is written by
 * `flush` as one statement. After that the unit is closed and refuses every call.
 */
export class UnitOfWork {
  readonly scope: ArtefactScope;
  origin: SessionOrigin = {};
  /** What the sign-in said of the person whose refresh token this request has met, where that is kept. */
  keptContext: Payload | undefined;

  readonly #knex: Knex;
  #closed = false;
  #failure: Error | undefined;
  #afterCommit: (() => void | Promise<void>)[] = [];

  readonly #handles = new Handles();
  readonly #known: Remembered;
  readonly #reads = new Map<string, Promise<void>>();
  readonly #writes = new PendingWrites();

  constructor(knex: Knex, scope: ArtefactScope, secrets: Secrets) {
    this.#knex = knex;
    this.scope = scope;
    this.#known = new Remembered(this.#handles, secrets);
  }

  /** Runs `work` with this unit as the current one. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return current.run(this, work);
  }

  /** Registers what may happen only once the changes are committed (audit, metrics, webhooks). */
  afterCommit(action: () => void | Promise<void>): void {
    this.#afterCommit.push(action);
  }

  /** Records an event together with the changes it tells about. `by` adds to where the request came from. */
  audit(event: AuditEvent, by: Pick<Actor, 'kind' | 'clientId' | 'userId' | 'poolId'>): void {
    this.#open();
    const { ip, userAgent, correlationId } = this.origin;
    this.#writes.audit(event, {
      ...by,
      ...(ip === undefined ? {} : { ip }),
      ...(userAgent === undefined ? {} : { userAgent }),
      ...(correlationId === undefined ? {} : { correlationId }),
    });
  }

  /** Writes everything and closes the unit. Throws what the database throws, or `AccessEnded`. */
  async flush(): Promise<void> {
    this.#close();
    await flush(this.#knex, this.scope, this.#writes.flush());
    for (const action of this.#afterCommit) await action();
  }

  /** Closes the unit and forgets what it would have written. */
  discard(): void {
    this.#closed = true;
  }

  /**
   * Throws what the store failed with, if it did: the library answers such errors in its own way, and that
   * answer must not leave.
   */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Forgets the session this request would have created: an anonymous logout needs none. */
  forgetNewSessions(): void {
    this.#writes.forgetNewSessions();
  }

  async find(model: Model, id: string): Promise<Payload | undefined> {
    this.#open();
    const key = this.#keyOf(model, id);
    if (!this.#known.has(model, key)) await this.#read(model, key);
    return this.#known.show(model, key, id);
  }

  async findSessionByUid(uid: string): Promise<Payload | undefined> {
    this.#open();
    if (this.#known.sessionKey(uid) === undefined) {
      await this.#once(`uid:${uid}`, () => store.readSessionByUid(this.#knex, this.scope, uid));
    }
    const key = this.#known.sessionKey(uid);
    return key === undefined ? undefined : this.#known.show('Session', key, this.#handles.nameOf(key));
  }

  async findByUserCode(model: Model, userCode: string): Promise<Payload | undefined> {
    this.#open();
    if (!isFlowModel(model)) throw new Error(`${model} has no user code`);
    const key = keyOfValue(userCode);
    const reading = await this.#ask(() => store.readByUserCode(this.#knex, this.scope, model, key));
    this.#known.take(reading);
    const [found] = reading.found;
    return found && this.#known.show(model, found.key, this.#handles.nameOf(found.key));
  }

  /** What a person last granted a client; not remembered, asked at most once a request. */
  async findLatestGrantId(accountId: string, clientId: string): Promise<string | undefined> {
    this.#open();
    const reading = await this.#ask(() => store.readLatestGrant(this.#knex, this.scope, accountId, clientId));
    this.#known.take(reading);
    return reading.found[0]?.key;
  }

  /** The person of an id: usually brought along already. */
  async findAccount(userId: string): Promise<Account | undefined> {
    this.#open();
    if (!this.#known.hasAccount(userId)) {
      const account = await this.#ask(() =>
        findAccount(this.#knex, this.scope.tenantId, userId, { wide: this.scope.wideAccounts ?? false }),
      );
      this.#known.takeAccount(userId, account);
    }
    return this.#known.account(userId);
  }

  /** The pool of a person this request has met. */
  poolOf(userId: string | undefined): string | undefined {
    return this.accountOf(userId)?.poolId;
  }

  /** A person this request has met; asks nobody. */
  accountOf(userId: string | undefined): Account | undefined {
    return userId === undefined ? undefined : this.#known.account(userId);
  }

  /** Gives a person who was read by other means to the rest of the request. */
  knowAccount(account: Account): void {
    this.#known.takeAccount(account.userId, account);
  }

  /**
   * Takes a payload to be written. `ttlSeconds` is the artefact's life; `leewaySeconds` only matters for
   * refresh tokens.
   */
  save(model: Model, id: string, payload: Payload, ttlSeconds: number, leewaySeconds = 0): void {
    this.#open();
    const key = this.#keyOf(model, id);
    const before = this.#known.row(model, key);
    const text = this.#known.textOf(model, id, payload);
    if (model === 'Session') {
      this.#saveSession(key, payload, text, ttlSeconds);
    } else if (!(model === 'Grant' && before?.loaded && before.payload === text)) {
      this.#writes.artefact(model, key, payload, text, { ttlSeconds, leewaySeconds });
    }
    this.#known.put(model, key, text);
  }

  /** Uses a one-time artefact up, at once: true for exactly one of any number of callers. */
  async consume(model: Model, id: string): Promise<boolean> {
    this.#open();
    const key = this.#handles.keyOf(id);
    if (isTokenModel(model)) return this.#ask(() => store.consumeToken(this.#knex, this.scope, key));
    if (isFlowModel(model)) return this.#ask(() => store.consumeFlow(this.#knex, this.scope, model, key));
    throw new Error(`${model} is not a one-time artefact`);
  }

  /** Claims the identity of an assertion or proof, at once: false when it was used before. */
  async claim(id: string, ttlSeconds: number): Promise<boolean> {
    this.#open();
    return this.#ask(() => store.claimReplay(this.#knex, this.scope, keyOfValue(id), ttlSeconds));
  }

  /** The grant that a remembered one-time artefact belongs to. */
  grantOf(model: Model, id: string): string | undefined {
    const row = this.#known.row(model, this.#handles.keyOf(id));
    return row && ((JSON.parse(row.payload) as Payload).grantId as string | undefined);
  }

  /** Ends a grant at once, whatever becomes of this request: a reuse was detected. */
  async killGrant(grantId: string): Promise<void> {
    this.#open();
    await this.#ask(() => store.killGrant(this.#knex, this.scope, grantId));
    this.revokeGrant(grantId);
  }

  destroy(model: Model, id: string): void {
    this.#open();
    if (model === 'Grant') return this.revokeGrant(id);
    const key = this.#handles.keyOf(id);
    const before = this.#known.row(model, key);
    if (model === 'Session') this.#writes.endSession(key, before?.loaded ?? false);
    else if (model === 'Interaction') this.#writes.closeInteraction(key, whatRemains(before?.payload));
    else this.#writes.drop(model, key);
    this.#known.drop(model, key);
  }

  /** Revokes a grant and everything issued under it, what this request was about to issue included. */
  revokeGrant(grantId: string): void {
    this.#open();
    this.#writes.revokeGrant(grantId);
    this.#known.drop('Grant', grantId);
  }

  #saveSession(key: string, payload: Payload, text: string, ttlSeconds: number): void {
    const uid = String(payload.uid);
    const oldKey = this.#known.sessionKey(uid);
    const moved = oldKey !== undefined && oldKey !== key;
    if (!moved && this.#known.row('Session', key)?.loaded) {
      const was = this.#known.show('Session', key, '');
      if (was && !worthWriting(was, payload, ttlSeconds)) return;
    }
    this.#writes.session(
      {
        key,
        uid,
        loaded: this.#known.sessionWasLoaded(uid),
        accountId: typeof payload.accountId === 'string' ? payload.accountId : undefined,
        payload: text,
        ttlSeconds: rowTtlSeconds(ttlSeconds),
        origin: this.origin,
      },
      moved ? oldKey : undefined,
    );
    this.#known.moveSession(uid, key);
  }

  async #read(model: Model, key: string): Promise<void> {
    if (model === 'Session') {
      await this.#once(nameOf('Session', key), () => store.readSession(this.#knex, this.scope, key));
    } else if (model === 'Grant') {
      await this.#once(nameOf('Grant', key), () => store.readGrant(this.#knex, this.scope, key));
    } else if (isTokenModel(model)) {
      // One statement answers for all kinds: introspection asks for three of them at the same time.
      await this.#once(`token:${key}`, () => store.readToken(this.#knex, this.scope, key));
    } else if (isFlowModel(model)) {
      await this.#once(nameOf(model, key), () => store.readFlow(this.#knex, this.scope, model, key));
    }
  }

  #once(name: string, ask: () => Promise<Reading>): Promise<void> {
    let reading = this.#reads.get(name);
    if (!reading) {
      reading = this.#ask(ask).then((result) => this.#known.take(result));
      this.#reads.set(name, reading);
    }
    return reading;
  }

  /**
   * Does what the answer depends on beside the artefacts. When it throws, the request has failed with that, whatever
   * the library makes of it.
   */
  asking<T>(work: () => Promise<T>): Promise<T> {
    this.#open();
    return this.#ask(work);
  }

  async #ask<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await statement();
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /** What a closed interaction kept, or what an open one holds: who asked, and where they wait. */
  async findWayBack(interactionId: string): Promise<WayBack | undefined> {
    this.#open();
    const key = this.#handles.keyOf(interactionId);
    await this.#read('Interaction', key);
    const row = this.#known.row('Interaction', key);
    return row && (JSON.parse(whatRemains(row.payload)) as WayBack);
  }

  // Grants never travel: their id is their key.
  #keyOf(model: Model, id: string): string {
    return model === 'Grant' ? id : this.#handles.keyOf(id);
  }

  #open(): void {
    if (this.#closed) throw new Error('the unit of work has ended');
  }

  #close(): void {
    this.#open();
    this.#closed = true;
  }
}
