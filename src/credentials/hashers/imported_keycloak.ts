import { z } from 'zod';
import { formatPbkdf2, type Pbkdf2Digest } from './pbkdf2.ts';
import { encode } from './phc.ts';
import { fromBase64, read, refused, refusedBy, type ReadHash } from './read_hash.ts';

const Secret = z.object({ value: z.string().max(1024), salt: z.string().max(1024) });
const parameter = z.array(z.string().max(20)).length(1).optional();
const Data = z.object({
  algorithm: z.string().max(40),
  hashIterations: z.number().int().nonnegative(),
  additionalParameters: z
    .object({ memory: parameter, parallelism: parameter, type: parameter, version: parameter })
    .optional(),
});

/** What a realm export names, and what PBKDF2 is computed with there. */
const DIGESTS: Readonly<Record<string, Pbkdf2Digest>> = {
  pbkdf2: 'sha1',
  'pbkdf2-sha1': 'sha1',
  'pbkdf2-sha256': 'sha256',
  'pbkdf2-sha512': 'sha512',
};

/**
 * Reads a password credential of a Keycloak realm export: `secretData` and `credentialData`, as objects or in the
 * JSON text that the export has. The bounds of its parameters are the caller's to check.
 */
export function readKeycloakCredential(form: object): ReadHash {
  const { secretData, credentialData } = form as { secretData?: unknown; credentialData?: unknown };
  const secret = Secret.safeParse(fromJson(secretData));
  if (!secret.success) return refusedBy(secret.error);
  const data = Data.safeParse(fromJson(credentialData));
  if (!data.success) return refusedBy(data.error);
  const [key, salt] = [fromBase64(secret.data.value), fromBase64(secret.data.salt)];
  if (key === undefined || salt === undefined) return refused('secretData: value and salt must be base64');

  const { algorithm, hashIterations, additionalParameters: more } = data.data;
  const digest = Object.hasOwn(DIGESTS, algorithm) ? DIGESTS[algorithm] : undefined;
  if (digest !== undefined) return read(formatPbkdf2(digest, hashIterations, salt, key));
  if (algorithm !== 'argon2') return refused(`credentialData.algorithm: ${algorithm} is not verified here`);
  const [memory, lanes] = [more?.memory?.[0], more?.parallelism?.[0]];
  const [type = 'id', version = '1.3'] = [more?.type?.[0], more?.version?.[0]];
  if (type === 'd' || version !== '1.3') {
    return refused('credentialData: only argon2id and argon2i of version 1.3 are verified here');
  }
  return read(
    `$argon2${type}$v=19$m=${memory},t=${hashIterations},p=${lanes}$${encode(salt)}$${encode(key)}`,
  );
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}
