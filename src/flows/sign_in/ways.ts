import type { Mechanism } from '../../pools/pool.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { Journey } from '../journey.ts';

/** The other ways to sign in, one click away. A passkey needs a script and has a button of its own. */
export const waysFor = (
  { path }: Journey,
  { connectionId }: ConnectedPool,
  methods: readonly Mechanism[],
): { method: Mechanism; href: string }[] =>
  methods
    .filter((method) => method !== 'webauthn')
    .map((method) => ({ method, href: `${path('sign-in', connectionId)}?use=${method}` }));
