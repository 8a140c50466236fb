import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import type { Proof } from './factors.ts';
import { visitorOf } from './visitor.ts';

/** The methods whose codes we send, and how. */
const CHANNELS = { email_otp: 'email', sms_otp: 'mobile' } as const;
type SentMethod = keyof typeof CHANNELS;

export const isSent = (method: Proof): method is SentMethod => Object.hasOwn(CHANNELS, method);

/** What a code belongs to: this sign-in, this method and this step of it. */
export const codeFlow = ({ interaction }: Journey, method: SentMethod, step: 'first' | 'second'): string =>
  `${interaction.uid}/${step}/${method}`;

/** Sends a code to whoever is meant, if anybody is to get one. Never says. */
export async function sendCodeFor(
  { domain }: FlowDeps,
  journey: Journey,
  { poolId }: ConnectedPool,
  method: SentMethod,
  whom: { readonly identifier: string } | { readonly userId: string },
): Promise<void> {
  const { tenantId, workspaceId } = journey.server.snapshot;
  await domain.signInCodes.request(
    { tenantId, poolId },
    {
      whom,
      channel: CHANNELS[method],
      flow: codeFlow(journey, method, 'identifier' in whom ? 'first' : 'second'),
      workspaceId,
      by: visitorOf(journey),
      source: journey.ctx.ip,
    },
  );
}
