import { findByExtended, giveTryBack } from '../../credentials/codes_check.ts';
import type { CodeType } from '../../credentials/codes.ts';
import { inTransaction } from '../../db/transaction.ts';
import { notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import type { FreeMap } from '../../free_map.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { formFields, type FormField } from '../../schemas/form_fields.ts';
import { loadSchemas } from '../../schemas/schema_cache.ts';
import type { ActivationMessageService } from '../journeys/activation_message_service.ts';
import type { ActivationService } from '../journeys/activation_service.ts';
import type { AddressVerificationService } from '../journeys/address_verification_service.ts';
import { mayActivate, mayBeActedFor } from '../known_user.ts';
import { withProvenCode, type ProveCodeDeps, type Proven } from './prove_code.ts';
import type { RecoveryService } from '../journeys/recovery_service.ts';
import { keyOfTyped } from '../typed_name.ts';
import type { VerifiableAddress } from '../user.ts';
import { addressKeyOf, type KnownUser } from '../user_key.ts';

export type HostedCodeService = ReturnType<typeof createHostedCodeService>;

/** What a hosted page presents: a long code alone, or a short one with the name that was typed beside it. */
export type PresentedCode = {
  readonly code: string;
  readonly typed?: string | undefined;
  readonly by: Actor;
  readonly source: string;
};

/** Somebody asks for a message, naming themselves. */
export type MessageWish = {
  readonly typed: string;
  /** Of somebody who has registered: kept with the code. */
  readonly selfRegistered?: boolean;
  readonly workspaceId: string | undefined;
  readonly clientId: string | undefined;
  readonly by: Actor;
  readonly source: string;
};

/** What an account still lacks to be activated, for somebody who has shown its code. */
export type AccountToActivate = {
  readonly userId: string;
  /** What the person will sign in with. */
  readonly signInName: string;
  /** The kinds of addresses that are proven, or will be by the code: where codes can go from then on. */
  readonly provenTypes: readonly VerifiableAddress['type'][];
  /** Asks for what the schema requires and the account lacks. */
  readonly fields: readonly FormField[];
  /** Of the schema, for the head of the form. */
  readonly formTitle: string | undefined;
  readonly payload: FreeMap;
  /** Where the person goes on, if whoever invited them said so. */
  readonly postActivationUrl: string | undefined;
  readonly clientId: string | undefined;
};

export type HostedCodeDeps = ProveCodeDeps & {
  readonly activation: ActivationService;
  readonly activationMessages: ActivationMessageService;
  readonly recovery: RecoveryService;
  readonly addressVerification: AddressVerificationService;
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * What the hosted pages do with codes that reach a browser: look at one without using it up, ask for another, use
 * it. Everybody who cannot be served gets the one refusal of a wrong code (rule 17).
 */
export function createHostedCodeService(deps: HostedCodeDeps) {
  const { db, activation, activationMessages, recovery, addressVerification } = deps;

  async function keyFor(scope: PoolScope, typed: string | undefined) {
    if (typed === undefined) return {};
    const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
    return keyOfTyped(db.knex, scope, pool, typed);
  }

  /** Proves a code as using it would, and leaves it and its tries as they were. */
  async function lookWith<T>(
    scope: PoolScope,
    { code, typed, by, source }: PresentedCode,
    type: 'activation' | 'reset_password',
    see: (proven: Proven) => Promise<T>,
  ): Promise<T> {
    const isReset = type === 'reset_password';
    const activates =
      typed === undefined ? 'identity_activate_with_extended_code' : 'identity_activate_self_registered';
    const key = isReset ? await keyFor(scope, typed) : typed === undefined ? {} : { identifier: typed };
    const proof = {
      code,
      key,
      by,
      source,
      type,
      counts: isReset ? 'identity_confirm_password' : activates,
      mayUse: isReset ? mayBeActedFor : mayActivate,
    } as const;
    return withProvenCode(deps, scope, proof, async (proven) => {
      const seen = await see(proven);
      await inTransaction(db, (tx) => proven.settle(tx));
      await giveTryBack(db.knex, scope, proven.code);
      return seen;
    });
  }

  async function lacksOf(scope: PoolScope, { known, code }: Proven): Promise<AccountToActivate> {
    const schemas = await loadSchemas(db.knex, scope, [known.payloadSchemaId]);
    const schema = schemas.get(known.payloadSchemaId);
    const issues = (await schema?.issues(known.payload, { complete: true })) ?? [];
    const lacking = new Set(issues.map(({ pointer }) => firstStep(pointer)));
    const fields = schema ? formFields(schema.inlined).filter(({ name }) => lacking.has(name)) : [];
    return {
      userId: known.userId,
      signInName: signInNameOf(known, code.addressKey),
      provenTypes: known.addresses
        .filter(({ lookupKey, verified }) => verified || lookupKey === code.addressKey)
        .map(({ type }) => type),
      fields,
      formTitle: text(schema?.inlined.description),
      payload: known.payload,
      postActivationUrl: text(code.metadata.post_activation_url),
      clientId: text(code.metadata.client_id),
    };
  }

  return {
    /**
     * Whether a link leads anywhere still, and whether its account is one that a person made themselves. Reads,
     * counts and records nothing, so that a program which opens links changes nothing by it; a long code cannot be
     * guessed.
     */
    async openLink(
      scope: PoolScope,
      code: string,
      type: CodeType,
    ): Promise<{ readonly selfRegistered: boolean } | undefined> {
      const found = await findByExtended(db.knex, scope, code);
      if (found?.type !== type) return undefined;
      return { selfRegistered: found.metadata.self_registered === true };
    },

    /** What the account of an activation code lacks. 401 as for using the code. */
    lookAtActivation: (scope: PoolScope, presented: PresentedCode): Promise<AccountToActivate> =>
      lookWith(scope, presented, 'activation', (proven) => lacksOf(scope, proven)),

    /** Whether a reset code is good. 401 as for using the code. */
    lookAtReset: (scope: PoolScope, presented: PresentedCode): Promise<void> =>
      lookWith(scope, presented, 'reset_password', async () => undefined),

    /**
     * Activates an account. Whatever proved the person before goes: who holds the address may not be who made the
     * account (rule 28); but for `ownAccount`, in the browser that has registered this very account. `payload` is
     * what was filled in; the rest of the account's data stays.
     */
    async activate(
      scope: PoolScope,
      presented: PresentedCode,
      account: AccountToActivate,
      given: {
        readonly password: string | undefined;
        readonly payload: FreeMap;
        readonly ownAccount?: boolean;
      },
    ): Promise<void> {
      const { code, typed, by, source } = presented;
      const payload = { ...account.payload, ...given.payload };
      const replacesEarlier = given.ownAccount !== true;
      const input = { code, by, source, password: given.password, payload, replacesEarlier };
      if (typed === undefined) await activation.activateByLink(scope, input);
      else await activation.activateByName(scope, input, { identifier: typed });
    },

    /** Sends the activation message again, if somebody is to get one. Never says. */
    requestActivation: (scope: PoolScope, { typed, ...wish }: MessageWish): Promise<void> =>
      activationMessages.sendByName(scope, typed, { ...wish, form: 'link' }),

    /** Sends a reset code, if somebody is to get one. Never says. */
    async requestReset(scope: PoolScope, { typed, ...wish }: MessageWish): Promise<void> {
      await recovery.request(scope, await keyFor(scope, typed), { ...wish, form: 'link' });
    },

    /**
     * Sets a new password. Codes that administrators have sent work also where people may not ask for one. Gives the
     * application that the person came from.
     */
    async resetPassword(
      scope: PoolScope,
      { code, typed, by, source }: PresentedCode,
      newPassword: string,
    ): Promise<{ readonly clientId: string | undefined }> {
      const key = await keyFor(scope, typed);
      const kept = await recovery.complete(scope, { code, key, newPassword, by, source });
      return { clientId: text(kept.client_id) };
    },

    /**
     * Proves an address by the link that went there, or by the short code with a sign-in name beside it. 401 for a
     * code that is not good, 409 for an address that is proven already.
     */
    verifyAddress: (
      scope: PoolScope,
      { code, typed, address = '', by, source }: PresentedCode & { readonly address?: string },
    ): Promise<void> =>
      typed === undefined
        ? addressVerification.completeByLink(scope, { address, code, by, source })
        : addressVerification.completeByName(scope, typed, { address, code, by, source }),
  };
}

/** The address that the code went to becomes a name to sign in with; without one, a name that is there. */
function signInNameOf({ addresses, identifiers }: KnownUser, addressKey: string | null): string {
  const address = addresses.find(({ lookupKey }) => lookupKey === addressKey)?.address;
  const same = identifiers.find(({ identifier }) => addressKeyOf(identifier) === addressKey)?.identifier;
  return same ?? address ?? identifiers[0]?.identifier ?? '';
}

/** RFC 6901 §4: the property that a pointer begins with. */
const firstStep = (pointer: string): string =>
  (pointer.split('/')[1] ?? '').replaceAll('~1', '/').replaceAll('~0', '~');

function absent(what: string): never {
  throw notFound(what);
}
