import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Knex } from 'knex';
import { sha256 } from '../security/tokens.ts';
import type { UserScope } from '../users/user.ts';
import { findTokenHash, insertDevice } from './trusted_devices_store.ts';

const SECRET_BYTES = 32;
// Beyond these the oldest is forgotten.
const MOST = 20;
const TOKEN = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

/**
 * Trusts a browser for a while: in it, the person's second factor need not be proven again. Gives what the
 * browser keeps; only its hash stays here. A time of 0 trusts nothing (contract 1.3, `mfa_session_ttl`).
 */
export async function rememberDevice(
  tx: Knex.Transaction,
  scope: UserScope,
  device: { readonly ip: string; readonly userAgent: string; readonly ttlSeconds: number },
): Promise<string | undefined> {
  if (device.ttlSeconds <= 0) return undefined;
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const deviceId = randomUUID();
  await insertDevice(tx, scope, { ...device, deviceId, tokenHash: sha256(secret) }, MOST);
  return `${deviceId}.${secret}`;
}

/** Whether a browser's token is of a device that this person trusts, in this pool, and still. */
export async function isRemembered(executor: Knex, scope: UserScope, token: string): Promise<boolean> {
  const [, deviceId, secret] = TOKEN.exec(token) ?? [];
  if (deviceId === undefined || secret === undefined) return false;
  const stored = await findTokenHash(executor, scope, deviceId);
  return stored !== undefined && timingSafeEqual(stored, sha256(secret));
}
