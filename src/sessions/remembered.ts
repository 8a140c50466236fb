import type { Account } from '../users/account.ts';
import type { Model, Payload, Reading } from './artefacts.ts';
import { hidden, type Secrets, shown } from './hidden_values.ts';
import type { Handles } from './keys.ts';
import { nameOf } from './pending_writes.ts';

/** An artefact as it is stored. `loaded`: it stood in the database when this request came. */
export type RememberedRow = {
  readonly payload: string;
  readonly loaded: boolean;
  readonly consumedAt?: number;
};

/** What one request knows of artefacts and people: what it read, and what it is going to write. */
export class Remembered {
  readonly #handles: Handles;
  readonly #secrets: Secrets;
  /** `null`: there is none, or there will be none. */
  readonly #rows = new Map<string, RememberedRow | null>();
  readonly #sessionKeys = new Map<string, string>();
  readonly #loadedSessions = new Set<string>();
  readonly #accounts = new Map<string, Account | undefined>();

  constructor(handles: Handles, secrets: Secrets) {
    this.#handles = handles;
    this.#secrets = secrets;
  }

  /** Whether a row has been asked for or written, absent ones included. */
  has(model: Model, key: string): boolean {
    return this.#rows.has(nameOf(model, key));
  }

  row(model: Model, key: string): RememberedRow | undefined {
    return this.#rows.get(nameOf(model, key)) ?? undefined;
  }

  /** Takes in what a statement found. What is known already stays: it may have been changed since. */
  take({ found, account }: Reading): void {
    if (account) this.#accounts.set(account.userId, account);
    for (const { model, key, payload, consumedAt } of found) {
      const name = nameOf(model, key);
      if (this.#rows.has(name)) continue;
      this.#rows.set(name, { payload, loaded: true, ...(consumedAt === undefined ? {} : { consumedAt }) });
      if (model === 'Session') {
        const uid = String((JSON.parse(payload) as Payload).uid);
        this.#sessionKeys.set(uid, key);
        this.#loadedSessions.add(uid);
      }
    }
  }

  /** The text that is stored for a payload: free of anything that could be presented. */
  textOf(model: Model, id: string, payload: Payload): string {
    return JSON.stringify(hidden(model, id, payload, (value) => this.#handles.keyOf(value), this.#secrets));
  }

  put(model: Model, key: string, text: string): void {
    this.#rows.set(nameOf(model, key), { payload: text, loaded: this.row(model, key)?.loaded ?? false });
  }

  /** From here on there is none. */
  drop(model: Model, key: string): void {
    this.#rows.set(nameOf(model, key), null);
  }

  /** The payload as the library gave it, under the name `id`. */
  show(model: Model, key: string, id: string): Payload | undefined {
    const row = this.row(model, key);
    // An interaction that is over is gone, except for the way back that it keeps.
    if (!row || (model === 'Interaction' && row.consumedAt !== undefined)) return undefined;
    const naming = {
      keyOf: (value: string) => this.#handles.keyOf(value),
      handleOf: (of: string) => this.#handles.nameOf(of),
    };
    const payload = shown(model, id, JSON.parse(row.payload) as Payload, naming, this.#secrets);
    if (row.consumedAt !== undefined) payload.consumed = row.consumedAt;
    return payload;
  }

  /** The key of the session with this uid: its cookie, and with it its key, changes at each authentication. */
  sessionKey(uid: string): string | undefined {
    return this.#sessionKeys.get(uid);
  }

  moveSession(uid: string, key: string): void {
    this.#sessionKeys.set(uid, key);
  }

  sessionWasLoaded(uid: string): boolean {
    return this.#loadedSessions.has(uid);
  }

  /** Whether a person has been asked for, absent ones included. */
  hasAccount(userId: string): boolean {
    return this.#accounts.has(userId);
  }

  account(userId: string): Account | undefined {
    return this.#accounts.get(userId);
  }

  takeAccount(userId: string, account: Account | undefined): void {
    this.#accounts.set(userId, account);
  }
}
