import type { Attribute, Mapping } from './mapping.ts';
import type { ValueType } from './value_type.ts';

const attribute = (name: string, type: ValueType, description: string): Attribute => ({
  name,
  type,
  description,
  labels: [],
});

/** What a connection says its people bring along when it says nothing else (contract 1.11). */
export const DEFAULT_ATTRIBUTES: readonly Attribute[] = [
  attribute('sub', 'string', 'User id'),
  attribute('identifier', 'string', 'Sign-in name'),
  attribute('payload.name', 'string', 'Name'),
  attribute('payload.given_name', 'string', 'Given name'),
  attribute('payload.family_name', 'string', 'Family name'),
  attribute('email', 'string', 'E-mail address'),
  attribute('email_verified', 'bool', 'E-mail address verified'),
  attribute('phone_number', 'string', 'Telephone number'),
  attribute('phone_number_verified', 'bool', 'Telephone number verified'),
  attribute('groups', 'string_array', 'Names of groups'),
];

const mapping = (source: string, target: string, type: ValueType): Mapping => ({
  mode: 'dynamic',
  source,
  target,
  type,
});

/** What happens with it when a connection has no mappings of its own (contract 1.11). */
export const DEFAULT_MAPPINGS: readonly Mapping[] = [
  mapping('payload.name', 'name', 'string'),
  mapping('payload.given_name', 'given_name', 'string'),
  mapping('payload.family_name', 'family_name', 'string'),
  mapping('email', 'email', 'string'),
  mapping('email_verified', 'email_verified', 'bool'),
  mapping('phone_number', 'phone_number', 'string'),
  mapping('phone_number_verified', 'phone_number_verified', 'bool'),
  mapping('groups', 'groups', 'string_array'),
];

/** The attributes of the authentication context when a workspace declares none of its own. */
export const DEFAULT_CONTEXT_ATTRIBUTES: readonly Attribute[] = [
  attribute('name', 'string', 'Name'),
  attribute('given_name', 'string', 'Given name'),
  attribute('family_name', 'string', 'Family name'),
  attribute('email', 'string', 'E-mail address'),
  attribute('email_verified', 'bool', 'E-mail address verified'),
  attribute('phone_number', 'string', 'Telephone number'),
  attribute('phone_number_verified', 'bool', 'Telephone number verified'),
  attribute('groups', 'string_array', 'Names of groups'),
];
