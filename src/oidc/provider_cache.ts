import { LRUCache } from 'lru-cache';
import { Client } from 'pg';
import { connectionSettings, type Database } from '../db/connection.ts';
import { isDatabaseUnavailable } from '../db/errors.ts';
import { CONFIG_CHANNEL, type ConfigBus, type WorkspaceScope } from '../workspaces/config_change.ts';
import { loadConfigVersions } from '../workspaces/snapshot_store.ts';
import type { WorkspaceServer } from './workspace_server.ts';

/** A workspace that another process makes is served here after this at the latest, even without a notification. */
const UNKNOWN_FOR_MS = 1_500;
const MAX_UNKNOWN = 1_000;
/** Every change shows in every process within 2 s (design 4.15): the check behind the notification. */
const CHECK_EVERY_MS = 1_000;
const RECONNECT_AFTER_MS = 1_000;

export type ProviderCacheOptions = {
  readonly db: Database;
  readonly bus: ConfigBus;
  /** How many workspaces stay in memory; about 80 KB each. */
  readonly max: number;
  readonly build: (scope: WorkspaceScope) => Promise<WorkspaceServer | undefined>;
  readonly onWarning: (message: string, error: unknown) => void;
};

/**
 * The workspaces in working order: an LRU of promises, so that concurrent first requests build once. A change
 * drops its workspace at once in the process that made it, by notification in the others, and by a check every
 * second should a notification be lost. Nothing needs closing: an evicted provider is garbage.
 */
export class ProviderCache {
  readonly #options: ProviderCacheOptions;
  readonly #servers: LRUCache<string, Promise<WorkspaceServer | undefined>>;
  readonly #unknown = new LRUCache<string, true>({ max: MAX_UNKNOWN, ttl: UNKNOWN_FOR_MS });
  readonly #forget: (scope: WorkspaceScope) => void;
  #listener: Client | undefined;
  #timers: NodeJS.Timeout[] = [];
  #closed = false;

  constructor(options: ProviderCacheOptions) {
    this.#options = options;
    this.#servers = new LRUCache({ max: options.max });
    this.#forget = (scope) => this.#drop(keyOf(scope));
    options.bus.on('changed', this.#forget);
  }

  /** Begins to listen for the changes of other processes. */
  async start(): Promise<void> {
    await this.#listen();
    this.#timers.push(setInterval(() => void this.#check(), CHECK_EVERY_MS).unref());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.bus.off('changed', this.#forget);
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#listener) await end(this.#listener);
  }

  /** The workspace's server; `undefined` when there is no such workspace. Throws what the database throws. */
  async get(scope: WorkspaceScope): Promise<WorkspaceServer | undefined> {
    const key = keyOf(scope);
    if (this.#unknown.has(key)) return undefined;
    let server = this.#servers.get(key);
    if (!server) {
      server = this.#options.build(scope);
      this.#servers.set(key, server);
      const building = server;
      void this.#settle(key, building);
    }
    return server;
  }

  // A failed build is tried again by the next request, an unknown workspace is remembered as such.
  async #settle(key: string, building: Promise<WorkspaceServer | undefined>): Promise<void> {
    const outcome = await building.then(
      (built) => (built ? 'built' : 'unknown'),
      () => 'failed',
    );
    // Only if it is still this one: dropped meanwhile, the workspace may exist, or be another, by now.
    if (outcome === 'built' || this.#servers.peek(key) !== building) return;
    this.#servers.delete(key);
    if (outcome === 'unknown') this.#unknown.set(key, true);
  }

  get size(): number {
    return this.#servers.size;
  }

  #drop(key: string): void {
    this.#servers.delete(key);
    this.#unknown.delete(key);
  }

  async #listen(): Promise<void> {
    if (this.#closed) return;
    // A connection of its own: a pooled one would be handed to somebody else. No statement timeout: it idles.
    const client = new Client(connectionSettings(this.#options.db.options, 0));
    const lost = (error: unknown) => {
      if (this.#listener !== client) return;
      this.#listener = undefined;
      void end(client);
      if (this.#closed) return;
      this.#options.onWarning('lost the connection that listens for configuration changes', error);
      setTimeout(() => void this.#listen(), RECONNECT_AFTER_MS).unref();
    };
    this.#listener = client;
    client.on('error', lost);
    client.on('end', () => lost(undefined));
    client.on('notification', ({ payload }) => {
      if (payload) this.#drop(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CONFIG_CHANNEL}`);
      // What was announced while nobody listened.
      await this.#check();
    } catch (error) {
      lost(error);
    }
  }

  async #check(): Promise<void> {
    const servers = new Map<string, WorkspaceServer>();
    for (const [key, promise] of this.#servers.entries()) {
      const server = await promise.catch(() => undefined);
      if (server) servers.set(key, server);
    }
    if (servers.size === 0) return;
    try {
      const scopes = [...servers.values()].map((server) => server.snapshot);
      const versions = await loadConfigVersions(this.#options.db.knex, scopes);
      for (const [key, server] of servers) {
        if (versions.get(key) !== server.snapshot.configVersion) {
          const cached = this.#servers.peek(key);
          // Replaced while we asked: then it is newer than what we compared.
          if (cached && (await cached.catch(() => undefined)) === server) this.#drop(key);
        }
      }
    } catch (error) {
      // Away: then what is cached serves on, and the next check comes in a second.
      if (!isDatabaseUnavailable(error)) {
        this.#options.onWarning('could not check for configuration changes', error);
      }
    }
  }
}

/** Hangs up; a connection that is broken already needs no more. */
async function end(client: Client): Promise<void> {
  await client.end().catch(() => undefined);
}

const keyOf = (scope: WorkspaceScope): string => `${scope.tenantId}/${scope.workspaceId}`;
