import type { Database } from '../db/connection.ts';
import type { Domain } from '../domain.ts';
import type { HashQueue } from '../credentials/hash_queue.ts';
import type { Attempts } from '../security/attempts.ts';
import type { CsrfTokens } from '../security/csrf.ts';
import type { KnownBrowsers } from '../security/known_browser.ts';
import type { Sealer } from '../security/seal.ts';

/** What the hosted journeys work with. */
export type FlowDeps = {
  readonly db: Database;
  readonly domain: Pick<
    Domain,
    | 'tenants'
    | 'pools'
    | 'clients'
    | 'passwords'
    | 'hostedCodes'
    | 'handshakes'
    | 'addressChanges'
    | 'hostedRegistration'
    | 'hostedFactors'
    | 'codeGeneration'
    | 'signInCodes'
    | 'totp'
    | 'passkeys'
    | 'devices'
    | 'recoveryCodes'
    | 'profiles'
    | 'users'
    | 'ownAccess'
  >;
  readonly sealer: Sealer;
  readonly hashQueue: HashQueue;
  readonly attempts: Attempts;
  readonly knownBrowsers: KnownBrowsers;
  readonly csrf: CsrfTokens;
  readonly secureCookies: boolean;
};
