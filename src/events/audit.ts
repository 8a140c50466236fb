/** Who made a change, and from where. `system`: the program itself, at first start or from the command line. */
export type Actor = {
  readonly kind: 'system' | 'client' | 'user';
  readonly clientId?: string;
  readonly userId?: string;
  readonly poolId?: string;
  /** The workspace whose token proved it. */
  readonly workspaceId?: string;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly correlationId?: string;
};

export const SYSTEM_ACTOR: Actor = { kind: 'system' };

export type AuditSubject =
  | 'tenant'
  | 'pool'
  | 'schema'
  | 'user'
  | 'group'
  | 'password'
  | 'otp'
  | 'otp_inspect'
  | 'totp'
  | 'webauthn'
  | 'credential'
  | 'login'
  | 'client'
  | 'scope'
  | 'service'
  | 'server'
  | 'idp'
  | 'claim'
  | 'role'
  | 'tokens'
  | 'bruteforce'
  | 'mfa_method'
  | 'access_token'
  | 'authorization_code'
  | 'import';

/**
 * Something that happened (contract 3.3). `payload` is built field by field from what may be shown: never a code,
 * a password, a hash or a secret.
 */
export type AuditEvent = {
  readonly subject: AuditSubject;
  readonly action: string;
  readonly workspaceId?: string;
  /** What was acted upon, in the words of the event's metadata. */
  readonly affected?: {
    readonly userId?: string;
    readonly poolId?: string;
    readonly clientId?: string;
    readonly connectionId?: string;
    readonly groupId?: string;
  };
  readonly payload?: Readonly<Record<string, unknown>>;
};

/** The metadata of an event, in the names of the wire. */
export function auditMetadata(event: AuditEvent, by: Actor): Record<string, string> {
  const entries: [string, string | undefined][] = [
    ['ip', by.ip],
    ['user_agent', by.userAgent],
    ['request_correlation_id', by.correlationId],
    ['actor', by.kind],
    ['client_id', event.affected?.clientId ?? by.clientId],
    ['actor_client_id', by.clientId],
    ['user_id', by.userId],
    ['user_pool_id', by.poolId],
    ['affected_user_id', event.affected?.userId],
    ['affected_user_pool_id', event.affected?.userId === undefined ? undefined : event.affected.poolId],
    ['identity_pool_id', event.affected?.poolId],
    ['idp_id', event.affected?.connectionId],
    ['group_id', event.affected?.groupId],
  ];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
