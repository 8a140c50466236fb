import { z } from 'zod';
import { distinct, id, line, time } from '../../fields.ts';

const secret = z.string().min(1).max(128);
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'must be a scope');

export const LoginStateQuery = z.strictObject({ login_state: secret });

const clientInfo = z.strictObject({
  client_id: id,
  client_name: z.string(),
  logo_uri: z.string().optional(),
});
const common = {
  id: z.string(),
  tenant_id: id,
  server_id: id,
  client_info: clientInfo,
  requested_scopes: z.array(z.string()),
  ui_locales: z.string().optional(),
  created_at: time,
  expires_at: time,
};

/** A pending sign-in, as a page of one's own needs it. */
export const LoginSession = z
  .strictObject({
    ...common,
    requested_acr: z.array(z.string()),
    prompt: z.string().optional(),
    max_age: z.int().optional().meta({ description: 'Seconds since the sign-in, at most' }),
    login_hint: z.string().optional(),
    idp_hint: z.string().optional(),
  })
  .meta({ id: 'LoginSession' });

/** A pending question of consent. */
export const ScopeGrantSession = z
  .strictObject({ ...common, requested_claims: z.array(z.string()), subject: id })
  .meta({ id: 'ScopeGrantSession' });

export const AcceptLogin = z
  .strictObject({
    id: z.string().max(128).optional().meta({ description: 'As in the path; not looked at' }),
    login_state: secret,
    subject: id.meta({ description: 'The id of a person of a connected pool' }),
    amr: distinct(z.string().regex(/^[a-z0-9_.-]{1,32}$/, 'must be a method of RFC 8176'), 10).min(1),
    auth_time: time.optional().meta({ description: 'Now when absent' }),
    authentication_context: z
      .strictObject({})
      .optional()
      .meta({ description: 'Empty: attributes come from the pool' }),
  })
  .meta({ id: 'AcceptLogin' });

export const AcceptScopeGrant = z
  .strictObject({
    id: z.string().max(128).optional().meta({ description: 'As in the path; not looked at' }),
    login_state: secret,
    granted_scopes: distinct(scope, 100),
    granted_claims: distinct(z.string().max(128), 100).optional(),
  })
  .meta({ id: 'AcceptScopeGrant' });

/** Errors of OpenID Connect Core §3.1.2.6 and RFC 6749 §4.1.2.1 that a page may give. */
const errors = [
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
  'temporarily_unavailable',
  'server_error',
] as const;

export const RejectSession = z
  .strictObject({
    id: z.string().max(128).optional().meta({ description: 'As in the path; not looked at' }),
    login_state: secret,
    error: z.enum(errors).optional().meta({ description: 'access_denied when absent' }),
    error_description: line(200)
      // RFC 6749 §4.1.2.1: no quotes, no backslashes, ASCII.
      .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, 'must be plain ASCII without quotes')
      .optional(),
  })
  .meta({ id: 'RejectSession' });

export const RedirectTo = z.strictObject({ redirect_to: z.url() }).meta({ id: 'RedirectTo' });
