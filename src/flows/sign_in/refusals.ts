import type { HashQueueFull } from '../../credentials/hash_queue.ts';
import { renderPage } from '../../http/render.ts';
import type { CountOutcome } from '../../security/attempts.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { homeOf, type Journey } from '../journey.ts';
import { ownIdOf } from './matched.ts';
import type { Proof } from './factors.ts';

type Blocked = Extract<CountOutcome, { allowed: false }>;

/** Says when, not why. */
export const showTooManyTries = (journey: Journey, { blockedUntil }: Blocked): Promise<void> =>
  renderPage(journey.ctx, 'too_many_tries', { retryAt: blockedUntil, app: journey.app, ...back(journey) });

/** Nothing was looked at: the person tries again in a moment. */
export const showBusy = (journey: Journey, { retryAfterSeconds }: HashQueueFull): Promise<void> =>
  renderPage(journey.ctx, 'busy', { retryAfterSeconds, app: journey.app, ...back(journey) });

/** The way of signing in that a page offered is not offered any more. */
export const showMethodOff = (journey: Journey, { connectionId }: ConnectedPool): Promise<void> =>
  renderPage(journey.ctx, 'method_off', {
    app: journey.app,
    startHref: journey.path('sign-in', connectionId),
  });

/** Records that somebody did not get in. */
export function recordFailure(
  journey: Journey,
  connection: ConnectedPool,
  {
    method,
    userId,
    step = 'first',
  }: { method: Proof; userId: string | undefined; step?: 'first' | 'second' },
): void {
  currentUnit().audit(
    {
      subject: 'login',
      action: 'failed',
      payload: {
        authn_method: method,
        idp_id: ownIdOf(journey, connection),
        ...(step === 'second' ? { failure_reason: 'second_factor' } : {}),
      },
      affected: { poolId: connection.poolId, ...(userId === undefined ? {} : { userId }) },
    },
    { kind: 'client', clientId: journey.client.clientId },
  );
}

function back({ client, interaction }: Journey): { backHref?: string } {
  const href = homeOf(client, interaction.params.redirect_uri as string | undefined);
  return href === undefined ? {} : { backHref: href };
}
