import { newTotpSecret } from '../../credentials/totp.ts';
import { otpauthAddress, qrCode } from '../../http/qr.ts';
import { renderPage } from '../../http/render.ts';
import type { Account } from '../../users/account.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { secondFactorsBeside } from './connections.ts';
import { type FirstFactor, type SignInState, stateFields } from './state.ts';

/** What can be set up on the spot: the others need somebody who proves an address first. */
const ON_THE_SPOT = ['totp', 'webauthn'] as const;
export type Enrolled = (typeof ON_THE_SPOT)[number];

export const enrollable = (
  { server }: Journey,
  connection: ConnectedPool,
  first: FirstFactor,
): readonly Enrolled[] => {
  const methods = secondFactorsBeside(server.snapshot, connection, first.method);
  return methods.flatMap((method) => ON_THE_SPOT.filter((one) => one === method));
};

export type Enrolling = Pick<SignInState, 'typed' | 'secret'> & { readonly first: FirstFactor };

/** Asks somebody without a second factor to set one up. A secret that was shown before is shown again. */
export async function askToEnrol(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { typed, first, secret = newTotpSecret() }: Enrolling,
  {
    use,
    error,
  }: { readonly use?: string | undefined; readonly error?: 'refused' | 'missing' | 'passkey' } = {},
): Promise<void> {
  const { ctx, app, path, server } = journey;
  const { connectionId } = connection;
  const methods = enrollable(journey, connection, first);
  const method = methods.find((one) => one === use) ?? methods[0] ?? 'totp';
  const state = { typed, first, asked: method, secret };
  const account = await currentUnit().findAccount(first.userId);
  const issuer = server.snapshot.name;
  await renderPage(ctx, 'enrol_factor', {
    ...stateFields(deps, journey, connection, state),
    app,
    method,
    action: path('enrol', connectionId),
    ...(method === 'totp'
      ? { totp: { secret, qr: qrCode(otpauthAddress({ issuer, account: nameOf(account, typed), secret })) } }
      : { passkeyOptionsHref: path('passkey-options', connectionId) }),
    ...(error === undefined ? {} : { error }),
    ways: methods.filter((one) => one !== method),
    startHref: path('sign-in', connectionId),
  });
}

/** What the app shows beside the code. */
const nameOf = (account: Account | undefined, typed: string): string =>
  typed.trim() === '' ? (account?.addresses[0]?.address ?? account?.userId ?? '') : typed.trim();
