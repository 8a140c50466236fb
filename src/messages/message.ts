/** What a message is about (contract 7.2), then the notices that tell a person what happened to the account. */
export const TEMPLATES = [
  'activate_account_with_code',
  'activate_account_with_link',
  'address_verification_with_link',
  'identifier_used',
  'otp',
  'reset_credentials_with_code',
  'reset_credentials_with_link',
  'password_changed',
  'new_passkey',
  'new_second_factor',
  'address_changed',
  'address_change_requested',
  'address_change_done',
  'recovery_used',
  'passkey_removed',
  'new_recovery_codes',
  'account_deleted',
] as const;
export type Template = (typeof TEMPLATES)[number];

export const CHANNELS = ['email', 'sms'] as const;
export type Channel = (typeof CHANNELS)[number];

export const MESSAGE_STATUSES = ['queued', 'sent', 'failed', 'expired'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** Whose message it is. No user: it concerns an address that is nobody's yet. */
export type MessageScope = {
  readonly tenantId: string;
  readonly poolId: string;
  readonly userId?: string | undefined;
};

/** What only the recipient may know, and what the text speaks of. Sealed at rest. */
export type MessageValues = {
  readonly code?: string | undefined;
  /** An absolute http(s) URL. */
  readonly link?: string | undefined;
  /** The address that a notice speaks of, shown masked. */
  readonly address?: string | undefined;
};

export type NewMessage = {
  readonly template: Template;
  readonly channel: Channel;
  /** The stored address, never what somebody typed (rule 15). */
  readonly to: string;
  /** Default: the `locale` of the person's payload, then the tenant's, then English. */
  readonly locale?: string | undefined;
  /** The workspace whose name the message speaks in. Default: the tenant. */
  readonly workspaceId?: string | undefined;
  readonly values: MessageValues;
  /** When the code dies; the message is not sent after that. */
  readonly expiresAt?: Date | undefined;
  readonly codeId?: string | undefined;
  /** The type of the code (contract 1.5): which sentence is chosen, and what the audit event names. */
  readonly purpose?: string | undefined;
};

/** The place that the values of a message are sealed for. */
export const valuesPlace = (scope: { readonly tenantId: string }, messageId: string): string =>
  `outbox:${scope.tenantId}/${messageId}`;

/**
 * What messages share a fate with: the domain of a mail address, one name for all texts. A dead domain holds up
 * only its own.
 */
export function destinationOf(channel: Channel, to: string): string {
  return channel === 'sms' ? 'sms' : to.slice(to.lastIndexOf('@') + 1).toLowerCase();
}

/** A mail, ready to leave. Every field is text; nothing of it is markup but `html`. */
export type Mail = {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly locale: string;
};
