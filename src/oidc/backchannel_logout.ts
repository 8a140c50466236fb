import type Provider from 'oidc-provider';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { backoffSeconds } from '../messages/backoff.ts';
import { OutboundError } from '../security/outbound.ts';
import {
  endNotice,
  giveNoticeUp,
  type LogoutNotice,
  postponeNotice,
} from '../sessions/logout_notices_store.ts';
import type { ProviderCache } from './provider_cache.ts';

export type LogoutDeps = {
  readonly db: Database;
  readonly servers: Pick<ProviderCache, 'get'>;
};

/** What the library's clients do, as far as a logout goes. */
type LogoutClient = {
  readonly backchannelLogoutUri?: string;
  backchannelLogout: Send;
};

type Send = (this: LogoutClient, accountId: string, sid: string) => Promise<void>;

/** An application that was away for a day has ended its own sessions. */
const GIVE_UP_SECONDS = 24 * 60 * 60;

const sending = new WeakMap<object, Send>();

/** The library would tell applications while the person waits; they are told of the session's end by a worker. */
export function deferLogoutTokens(provider: Provider): void {
  const client = provider.Client.prototype as unknown as LogoutClient;
  sending.set(provider, client.backchannelLogout);
  client.backchannelLogout = () => Promise.resolve();
}

/**
 * Tells one application by a new logout token (OpenID Connect Back-Channel Logout 1.0 §2.5), through the guarded
 * fetch, and writes down what became of it: done, later, or given up.
 */
export async function tellApplication({ db, servers }: LogoutDeps, notice: LogoutNotice): Promise<void> {
  const server = await servers.get(notice);
  const client = (await server?.provider.Client.find(notice.clientId)) as unknown as LogoutClient | undefined;
  const send = server && sending.get(server.provider);
  if (send === undefined || client?.backchannelLogoutUri === undefined) return endNotice(db.knex, notice);
  try {
    await send.call(client, notice.accountId, notice.sid ?? '');
  } catch (error) {
    const reason = reasonOf(error);
    if (notice.ageSeconds < GIVE_UP_SECONDS) {
      return postponeNotice(db.knex, notice, { seconds: backoffSeconds(notice.attempts), error: reason });
    }
    return inTransaction(db, (tx) => giveNoticeUp(tx, notice, reason));
  }
  await endNotice(db.knex, notice);
}

// Never the answer itself, nor where it came from: administrators of a tenant do not explore our network by it.
function reasonOf(error: unknown): string {
  if (error instanceof OutboundError) return 'unreachable';
  const status = (error as { response?: { status?: unknown } }).response?.status;
  return typeof status === 'number' ? `status_${status}` : 'failed';
}
