import { z } from 'zod';
import { isSlug } from '../../../tenants/slug.ts';
import type { CodeForm } from '../../../users/codes/send_code.ts';
import type { UserKey } from '../../../users/user_key.ts';

/** Fields that all operations with codes share. */

// The domain says what a name may be; this only bounds what it looks at.
const name = z.string().max(1024);

/** A code in either form. */
export const code = z.string().min(1).max(128);

export const address = name;

/** Whose it is: by id or by sign-in name, of which at most one is given. */
export const who = { identifier: name.optional(), userID: z.string().max(64).optional() };

export const serverId = z
  .string()
  .refine(isSlug, 'must be the id of a workspace')
  .optional()
  .meta({ description: 'The workspace in whose name the message speaks' });

export const codeForm = z
  .enum(['link', 'code'])
  .default('link')
  .meta({ description: 'What the message holds: a link to follow, or only a code to type' });

/** Only the workspace, for messages that are always of one form. */
export const ServerQuery = z.strictObject({ server_id: serverId });

export const MessageQuery = z.strictObject({ server_id: serverId, code_type_in_message: codeForm });

type KeyBody = {
  readonly identifier?: string | undefined;
  readonly userID?: string | undefined;
  /** The old name of `userID`, which wins (contract 2.2). */
  readonly id?: string | undefined;
  readonly address?: string | undefined;
};

/** The person in the words of the domain. An empty text names nobody, as if it were left out. */
export const toUserKey = ({ identifier, userID, id, address: at }: KeyBody): UserKey => ({
  userId: given(id) ?? given(userID),
  identifier: given(identifier),
  address: given(at),
});

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

export const toDelivery = (query: {
  readonly server_id?: string | undefined;
  readonly code_type_in_message: CodeForm;
}) => ({ form: query.code_type_in_message, workspaceId: query.server_id });

export const UserID = z.strictObject({ id: z.string() }).meta({ id: 'UserID' });
