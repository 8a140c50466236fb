import type { AccountModel } from '../../http/account_pages.ts';
import { asText, formFields } from '../../schemas/form_fields.ts';
import type { Profile } from '../../users/profile_service.ts';
import type { FlowDeps } from '../deps.ts';
import { isOfferDue } from '../sign_in/passkey_later_cookie.ts';
import { profileOf, showPage, usable, type Visit } from './visit.ts';

/** Everything at a glance; each change is a page of its own. */
export async function showOverview(deps: FlowDeps, visit: Visit): Promise<void> {
  const { scope, server, connection } = visit;
  const { domain } = deps;
  const profile = await profileOf(deps, visit);
  const [codes, devices, sessions, applications] = await Promise.all([
    domain.recoveryCodes.count(scope),
    domain.devices.list(scope),
    domain.ownAccess.sessions(scope),
    domain.ownAccess.applications(scope),
  ]);
  const { user, pool } = profile;
  const ways = usable(visit, profile);
  const of = (type: string) => user.credentials.find((credential) => credential.type === type);
  const password = of('password');
  const hasSecond = of('totp') !== undefined || of('webauthn') !== undefined;
  const personName = nameOf(profile);
  const offersPasskey =
    ways.has('webauthn') && of('webauthn') === undefined && isOfferDue(deps, visit.ctx, scope);
  await showPage(deps, visit, 'account', {
    ...(personName === undefined ? {} : { personName }),
    groupName: connection.name,
    signOutHref: `${server.issuer}/oidc/logout`,
    profile: shownData(profile),
    addresses: user.addresses.map(({ address, type, verified }) => ({
      address,
      type,
      isConfirmed: verified,
    })),
    ...(ways.has('password') || password
      ? {
          password: {
            isSet: password !== undefined,
            ...(password ? { changedAt: new Date(password.updatedAt) } : {}),
          },
        }
      : {}),
    ...(ways.has('totp') || of('totp') ? { totp: { isSet: of('totp') !== undefined } } : {}),
    ...(ways.has('webauthn') || of('webauthn')
      ? { passkeys: { names: (of('webauthn')?.keys ?? []).map(({ name }) => name) } }
      : {}),
    ...(hasSecond || codes > 0 ? { recoveryCodes: { left: codes } } : {}),
    ...(pool.secondFactorAuthenticationMechanisms.length > 0 || devices.length > 0
      ? { devices: devices.length }
      : {}),
    sessions: sessions.length,
    applications: applications.map(({ name }) => name),
    mayDelete: pool.selfDeletionAllowed,
    ...(offersPasskey ? { passkeyLaterHref: visit.path('passkey-later') } : {}),
  });
}

function nameOf({ user }: Profile): string | undefined {
  const { name } = user.payload;
  return typeof name === 'string' && name.trim() !== '' ? name : undefined;
}

/** What the form of the profile asks for, as far as it was filled in. */
function shownData({ user, payloadSchema }: Profile): AccountModel['profile'] {
  return formFields(payloadSchema ?? {}).flatMap(({ name, label }): AccountModel['profile'] => {
    const value = Object.hasOwn(user.payload, name) ? user.payload[name] : undefined;
    if (typeof value === 'boolean') return [{ label, value }];
    const text = (Array.isArray(value) ? value : [value]).map(asText).join(', ');
    return text === '' ? [] : [{ label, value: text }];
  });
}
