import { deviceOf } from '../../http/device_name.ts';
import { hideHidden } from '../../schemas/hidden.ts';
import type { FlowDeps } from '../deps.ts';
import { profileOf, showPage, type Visit } from './visit.ts';

export const showData = (deps: FlowDeps, visit: Visit): Promise<void> =>
  showPage(deps, visit, 'account_data', { downloadHref: visit.path('data.json') });

/** All that is kept of a person and may be shown to them, as JSON. What proves who they are is named, never told. */
export async function downloadData(deps: FlowDeps, visit: Visit): Promise<void> {
  const { ctx, scope } = visit;
  const { domain } = deps;
  const [{ user, payloadSchema = {} }, passkeys, codes, devices, sessions, applications] = await Promise.all([
    profileOf(deps, visit),
    domain.passkeys.list(scope),
    domain.recoveryCodes.count(scope),
    domain.devices.list(scope),
    domain.ownAccess.sessions(scope),
    domain.ownAccess.applications(scope),
  ]);
  const document = {
    id: user.id,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    profile: hideHidden(payloadSchema, user.payload),
    metadata: user.metadata,
    business_metadata: user.businessMetadata,
    identifiers: user.identifiers.map(({ identifier, type, createdAt }) => ({
      identifier,
      type,
      created_at: createdAt,
    })),
    addresses: user.addresses.map(({ address, type, verified, verifiedAt, createdAt }) => ({
      address,
      type,
      verified,
      verified_at: verifiedAt,
      created_at: createdAt,
    })),
    credentials: user.credentials.map(({ type, state, updatedAt }) => ({
      type,
      state,
      updated_at: updatedAt,
    })),
    passkeys: passkeys.map(({ name, createdAt }) => ({ name, created_at: createdAt })),
    recovery_codes_left: codes,
    remembered_browsers: devices.map(({ ip, userAgent, createdAt }) => ({
      ...deviceOf(userAgent),
      ip,
      user_agent: userAgent,
      created_at: createdAt,
    })),
    sessions: sessions.map(({ workspaceName, ip, userAgent, createdAt, lastSeenAt }) => ({
      place: workspaceName,
      ip,
      user_agent: userAgent,
      created_at: createdAt,
      last_seen_at: lastSeenAt,
    })),
    applications: applications.map(({ workspaceName, name, since }) => ({
      place: workspaceName,
      name,
      since,
    })),
  };
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Content-Disposition', 'attachment; filename="account.json"');
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = `${JSON.stringify(document, null, 2)}\n`;
}
