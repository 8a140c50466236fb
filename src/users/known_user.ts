import type { KnownUser } from './user_key.ts';

/** Only an active person signs in or gets at credentials (contract 6.3). */
export const mayBeActedFor = ({ status }: KnownUser): boolean => status === 'active';

/** Only a new one activates. */
export const mayActivate = ({ status }: KnownUser): boolean => status === 'new';
