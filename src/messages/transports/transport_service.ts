import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Database } from '../../db/connection.ts';
import { violatedUniqueConstraint } from '../../db/errors.ts';
import { inTransaction } from '../../db/transaction.ts';
import { conflict, type ExpectedVersion, invalid, notFound, requireVersion } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { SealError, type Sealer } from '../../security/seal.ts';
import { lockTenant } from '../../tenants/tenant_store.ts';
import type { Channel } from '../message.ts';
import { createTransportTest } from './test_service.ts';
import {
  checkTransport,
  MAX_TRANSPORTS,
  secretNeeded,
  secretPlace,
  type Transport,
  type TransportKey,
  type TransportSettings,
} from './transport.ts';
import * as store from './transport_store.ts';
import type { Ways } from './ways.ts';

type TenantScope = { readonly tenantId: string };

export type TransportInput = {
  readonly channel: Channel;
  readonly enabled: boolean;
  readonly settings: TransportSettings;
  /** Absent: the stored one stays. */
  readonly secret?: string | undefined;
};

export type TransportServiceDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly ways: Ways;
  readonly publicUrl: string;
};

export type TransportService = ReturnType<typeof createTransportService>;

/**
 * By which ways a tenant's mails and texts leave (contract 3.5). One enabled for each channel; where there is none,
 * the operator's. The worker reads them with each message, so that a change holds from the next one on. Throws
 * `DomainError`.
 */
export function createTransportService(deps: TransportServiceDeps) {
  const { db, sealer, ways } = deps;
  return {
    list: (scope: TenantScope): Promise<Transport[]> => store.listTransports(db.knex, scope),

    async get(key: TransportKey): Promise<Transport> {
      return (await store.findTransport(db.knex, key)) ?? absent();
    },

    async create(
      scope: TenantScope,
      input: TransportInput & { readonly id?: string | undefined },
      by: Actor,
    ): Promise<Transport> {
      checkTransport(input, ways.isAllowed);
      const id = input.id ?? randomUUID();
      const key = { tenantId: scope.tenantId, transportId: id };
      requireSecret(input, undefined);
      return inTransaction(db, async (tx) => {
        if ((await lockTenant(tx, scope, 'update')) === undefined) throw notFound('Tenant');
        if ((await store.listTransports(tx, scope)).length >= MAX_TRANSPORTS) {
          throw conflict(`A tenant has at most ${MAX_TRANSPORTS} MFA methods`, 'too_many');
        }
        const sealedSecret = seal(sealer, key, input, null);
        await writing(() => store.insertTransport(tx, { ...scope, ...input, id, sealedSecret }));
        return recorded(tx, key, 'created', by);
      });
    },

    /** Replaces the settings. The secret stays when none is given, unless it would go to somebody else by then. */
    async update(
      key: TransportKey,
      input: TransportInput,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Transport> {
      checkTransport(input, ways.isAllowed);
      return inTransaction(db, async (tx) => {
        const current = await lock(tx, key);
        requireVersion(expected, current);
        if (input.channel !== current.channel) {
          throw invalid('/mechanism', `cannot be changed: it is "${current.channel}" since it was made`);
        }
        requireSecret(input, current);
        const sealedSecret = seal(sealer, key, input, current.sealedSecret);
        await writing(() => store.updateTransport(tx, { ...current, ...input, sealedSecret }));
        return recorded(tx, key, 'updated', by);
      });
    },

    /** Messages that wait leave by the operator's way then, like those that come. */
    async remove(key: TransportKey, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await inTransaction(db, async (tx) => {
        const current = await lock(tx, key);
        requireVersion(expected, current);
        await store.deleteTransport(tx, key);
        await audit(tx, current, 'deleted', by);
      });
    },

    /** Whether this is the stored secret, for whoever has it and asks whether anything would change. */
    async holdsSecret(key: TransportKey, secret: string): Promise<boolean> {
      const { sealedSecret } = (await store.findTransport(db.knex, key)) ?? absent();
      if (sealedSecret === null) return false;
      try {
        return sealer.open(sealedSecret, secretPlace(key)) === secret;
      } catch (error) {
        // Sealed under a key that is gone: it has to be set again.
        if (error instanceof SealError) return false;
        throw error;
      }
    },

    test: createTransportTest(deps),
  };
}

/** The transport, its tenant held first: changes of one tenant's follow each other. */
async function lock(tx: Knex.Transaction, key: TransportKey): Promise<Transport> {
  await lockTenant(tx, key, 'update');
  return (await store.findTransport(tx, key)) ?? absent();
}

function requireSecret({ settings, secret }: TransportInput, current: Transport | undefined): void {
  if (secret !== undefined) return;
  const pointer = secretNeeded(settings, current?.settings);
  if (pointer === undefined) return;
  const why =
    current === undefined
      ? ''
      : ': host, port, account or address have changed, and it is not sent to others unsaid';
  throw invalid(pointer, `must be given${why}`, 'secret_required');
}

function seal(sealer: Sealer, key: TransportKey, input: TransportInput, kept: string | null): string | null {
  if (input.settings.provider === 'embedded') return null;
  return input.secret === undefined ? kept : sealer.seal(input.secret, secretPlace(key));
}

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'message_transports_one_enabled') {
      throw conflict('Another MFA method of this mechanism is enabled: disable it first', 'other_enabled');
    }
    if (constraint !== undefined) throw conflict('There is an MFA method with this id already', 'id_taken');
    throw error;
  }
}

async function recorded(
  tx: Knex.Transaction,
  key: TransportKey,
  action: 'created' | 'updated',
  by: Actor,
): Promise<Transport> {
  const transport = (await store.findTransport(tx, key)) ?? absent();
  await audit(tx, transport, action, by);
  return transport;
}

/** Settings as they are: what is secret is not among them. */
const audit = (tx: Knex.Transaction, transport: Transport, action: string, by: Actor): Promise<void> =>
  recordAudit(tx, transport, by, {
    subject: 'mfa_method',
    action,
    payload: {
      id: transport.id,
      mechanism: transport.channel,
      enabled: transport.enabled,
      settings: transport.settings,
    },
  });

function absent(): never {
  throw notFound('MFA method');
}
