import type { Knex } from 'knex';
import {
  answeredChallenge,
  verifyCreation,
  type RegistrationResponseJSON,
} from '../../credentials/passkey_ceremony.ts';
import { consumeChallenge } from '../../credentials/passkey_challenges_store.ts';
import type { relyingPartyOf } from '../../credentials/passkeys.ts';
import { insertPasskey, keepKeyRing } from '../../credentials/passkeys_store.ts';
import type { UserScope } from '../user.ts';

export type PasskeyRefusal = 'challenge' | 'answer' | 'known';

/**
 * Registers the key of an authenticator's answer to a challenge of ours, in the caller's transaction. The challenge
 * is used up whatever comes of it, so a refusal is an answer.
 */
export async function takeCreation(
  tx: Knex.Transaction,
  party: ReturnType<typeof relyingPartyOf>,
  scope: UserScope,
  answer: RegistrationResponseJSON,
): Promise<PasskeyRefusal | { readonly keyId: string }> {
  const challenge = answeredChallenge(answer.response.clientDataJSON);
  const use = { purpose: 'create', userId: scope.userId } as const;
  if (challenge === undefined || !(await consumeChallenge(tx, scope, challenge, use))) return 'challenge';
  const key = await verifyCreation(party, scope, answer, challenge);
  if (key === undefined) return 'answer';
  if (!(await insertPasskey(tx, scope, key))) return 'known';
  await keepKeyRing(tx, scope);
  return { keyId: key.id };
}
