import type { Database } from '../../db/connection.ts';
import { DomainError, notFound, refuseAny, type Issue } from '../../domain_error.ts';
import type { FreeMap } from '../../free_map.ts';
import type { Mechanism, Pool, PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { formFields, type FormField } from '../../schemas/form_fields.ts';
import { loadSchemas, type LoadedSchema } from '../../schemas/schema_cache.ts';
import { rateNewPassword } from '../factors/new_password.ts';
import { registrationNames } from './registration.ts';
import type { Registration, RegistrationService } from './registration_service.ts';
import { documentIssues } from '../user_data.ts';
import { addressTypeOf } from '../user_key.ts';

export type HostedRegistrationService = ReturnType<typeof createHostedRegistrationService>;

/** What somebody fills in to register. */
export type RegistrationForm = {
  /** Of the schema, for the head of the form. */
  readonly title: string | undefined;
  readonly fields: readonly FormField[];
};

export type RegistrationWish = Pick<Registration, 'workspaceId' | 'clientId' | 'by' | 'source'> & {
  readonly identifier: string;
  /** Undefined for somebody who will sign in with codes, or a passkey. */
  readonly password: string | undefined;
  readonly payload: FreeMap;
  /** The ways to sign in that are open to people of this pool here. */
  readonly mechanisms: readonly Mechanism[];
  /** Codes are how the person will sign in: their address has to be one that gets them. */
  readonly byCode: boolean;
};

/** Registration on the hosted pages (contract 5.4): everything that is wrong with a form is said at once. */
export function createHostedRegistrationService({
  db,
  registration,
}: {
  readonly db: Database;
  readonly registration: RegistrationService;
}) {
  async function schemaOf(pool: Pool): Promise<LoadedSchema | undefined> {
    const schemas = await loadSchemas(db.knex, pool, [pool.payloadSchemaId]);
    return schemas.get(pool.payloadSchemaId);
  }

  /** By what was typed alone, so that nothing tells who is there. */
  async function issuesOf(pool: Pool, wish: RegistrationWish): Promise<Issue[]> {
    const schema = await schemaOf(pool);
    const ofPayload = schema ? await documentIssues(schema, wish.payload, '/payload', true) : [];
    const found = [...nameIssues(wish), ...ofPayload];
    if (found.length === 0 || wish.password === undefined) return found;
    // Else registering says it.
    const user = { identifiers: [wish.identifier], payload: wish.payload };
    const { failed } = await rateNewPassword(pool, wish.password, { user, source: wish.source });
    return [...found, ...failed.map((rule) => ({ pointer: '/password', ...rule }))];
  }

  return {
    /** The form of a pool, made of its payload schema. */
    async form(pool: Pool): Promise<RegistrationForm> {
      const schema = await schemaOf(pool);
      if (schema === undefined) return { title: undefined, fields: [] };
      const { description } = schema.inlined;
      const title = typeof description === 'string' && description.trim() !== '' ? description : undefined;
      return { title, fields: formFields(schema.inlined) };
    },

    /**
     * Registers somebody and sends them a message with a code and a link. Gives the id of the account, or one that
     * leads nowhere where the name is taken. 422 with everything that is wrong.
     */
    async register(scope: PoolScope, wish: RegistrationWish): Promise<{ readonly userId: string }> {
      const pool = (await findPool(db.knex, scope)) ?? absent();
      refuseAny(await issuesOf(pool, wish));
      const { mechanisms: _mechanisms, byCode: _byCode, ...input } = wish;
      return registration.register(scope, { ...input, sendMessage: true, form: 'link' });
    },
  };
}

/** People register with an address: the message has to go somewhere. */
function nameIssues({ identifier, mechanisms, byCode }: RegistrationWish): Issue[] {
  const pointer = '/identifier';
  try {
    registrationNames(identifier, undefined, { needed: true });
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'invalid')
      return [{ pointer, message: error.message }];
    throw error;
  }
  const needed = addressTypeOf(identifier) === 'email' ? 'email_otp' : 'sms_otp';
  if (!byCode || mechanisms.includes(needed)) return [];
  return [{ pointer, message: 'gets no codes to sign in with', rule: 'no_codes' }];
}

function absent(): never {
  throw notFound('Pool');
}
