import { z } from 'zod';
import { invalid } from '../../../domain_error.ts';
import type { NewUserInput } from '../../../users/user_service.ts';
import { CredentialRecord, toPasskeyRecord } from '../../../credentials/passkey_document.ts';

const MAX_NESTED = 100;
const MAX_KEYS = 20;

/** How a new person proves themselves, each by what its type takes (contract 1.10). Never returned. */
export const NewUserCredentials = z
  .array(
    z
      .strictObject({
        type: z.enum(['password', 'webauthn', 'totp']),
        password: z.string().max(4096).optional(),
        must_be_changed: z
          .boolean()
          .optional()
          .meta({ description: 'Of a password: opens one sign-in, in which it is changed' }),
        must_be_reset: z
          .boolean()
          .optional()
          .meta({ description: 'Of a password: opens none, and wins over must_be_changed' }),
        totp_secret: z
          .string()
          .max(256)
          .optional()
          .meta({ description: 'base32, 16 to 64 bytes; SHA-1, 6 digits, 30 s' }),
        webauthn_credentials: z.array(CredentialRecord).min(1).max(MAX_KEYS).optional(),
      })
      .meta({ id: 'NewUserCredential' }),
  )
  .max(MAX_NESTED);

type Given = z.output<typeof NewUserCredentials>[number];

const FIELDS = {
  password: 'password',
  totp: 'totp_secret',
  webauthn: 'webauthn_credentials',
} as const;

/** The credentials in the words of the domain. Throws `DomainError` 422 for two of one type, or what a type does not take. */
export function toNewCredentials(
  credentials: readonly Given[],
): Pick<NewUserInput, 'password' | 'passwordPointer' | 'totp' | 'passkeys'> {
  const at = new Map<Given['type'], number>();
  for (const [index, given] of credentials.entries()) {
    const pointer = `/credentials/${index}`;
    if (at.has(given.type))
      throw invalid(pointer, `a person has one credential of type ${given.type} at most`);
    at.set(given.type, index);
    for (const field of Object.values(FIELDS)) {
      const isOwn = field === FIELDS[given.type];
      if (isOwn && given[field] === undefined) throw invalid(`${pointer}/${field}`, 'is required');
      if (!isOwn && given[field] !== undefined) {
        throw invalid(`${pointer}/${field}`, `is no part of a credential of type ${given.type}`);
      }
    }
  }
  const pointerTo = (type: Given['type']) => `/credentials/${at.get(type)}/${FIELDS[type]}`;
  const given = (type: Given['type']) => credentials[at.get(type) ?? -1];
  const password = given('password');
  const secret = given('totp')?.totp_secret;
  const records = given('webauthn')?.webauthn_credentials;
  return {
    password: password && {
      password: password.password ?? '',
      mustBeChanged: password.must_be_changed ?? false,
      mustBeReset: password.must_be_reset ?? false,
    },
    passwordPointer: pointerTo('password'),
    totp: secret === undefined ? undefined : { secret, pointer: pointerTo('totp') },
    passkeys: records && { records: records.map(toPasskeyRecord), pointer: pointerTo('webauthn') },
  };
}
