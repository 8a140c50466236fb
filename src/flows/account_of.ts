import { errors } from '../oidc/interactions.ts';
import type { Account } from '../users/account.ts';
import type { Journey } from './journey.ts';

/** Who is signed in, and asked. */
export function accountIdOf({ interaction }: Journey): string {
  const accountId = interaction.session?.accountId;
  if (accountId === undefined) throw new errors.SessionNotFound('nobody is signed in');
  return accountId;
}

/** What a page calls a person: their name, else the address they are known by. */
export function accountNameOf(account: Account | undefined): string {
  const { name } = account?.payload ?? {};
  if (typeof name === 'string' && name !== '') return name;
  return account?.addresses[0]?.address ?? '';
}
