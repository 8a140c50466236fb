import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { violatedForeignKey, violatedUniqueConstraint } from '../db/errors.ts';
import { inTransaction } from '../db/transaction.ts';
import {
  conflict,
  type DomainError,
  invalid,
  malformed,
  notFound,
  refuseAny,
  requireVersion,
  type ExpectedVersion,
} from '../domain_error.ts';
import { MAX_DEPENDENTS, refuseDependedOn } from '../dependents.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { isOpaqueId, OPAQUE_ID_RULE } from '../tenants/slug.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { findWorkspace } from '../workspaces/workspace_store.ts';
import { BUILT_IN_SCHEMAS, builtInSchema } from './built_in.ts';
import { compile } from './compiler.ts';
import { followersOf } from './follower_store.ts';
import type { JsonSchema } from './json_schema.ts';
import { MAX_SCHEMAS, readSchema, type Schema, type SchemaScope, type TenantScope } from './schema.ts';
import { dropSchema, keepSchema } from './schema_cache.ts';
import * as store from './schema_store.ts';
import { loadValidator, type Validator } from './validator.ts';

export type SchemaInput = {
  readonly name: string;
  readonly description?: string | undefined;
  /** As it came in; it is read and refused here. */
  readonly document: unknown;
};
export type NewSchemaInput = SchemaInput & {
  readonly id?: string | undefined;
  /** Protects it from every later change and from deletion. */
  readonly system?: boolean | undefined;
};

export type SchemaService = ReturnType<typeof createSchemaService>;

/** Schemas: what the data of people must look like. Throws `DomainError`. */
export function createSchemaService({ db }: { db: Database }) {
  const get = async (scope: SchemaScope): Promise<Schema> =>
    builtIn(scope) ?? (await store.findSchema(db.knex, scope)) ?? absent();

  const list = async (scope: TenantScope): Promise<Schema[]> => [
    ...BUILT_IN_SCHEMAS.map(({ id }) => builtIn({ ...scope, schemaId: id }) ?? absent()),
    ...(await store.listSchemas(db.knex, scope)),
  ];

  return {
    get,
    /** All schemas of the tenant, the built-in ones first. */
    list,

    /** The same, as a workspace sees them: every workspace may use every schema of the tenant. */
    async listInWorkspace(scope: WorkspaceScope): Promise<Schema[]> {
      await requireWorkspace(db.knex, scope);
      return list(scope);
    },

    async getInWorkspace(scope: SchemaScope & WorkspaceScope): Promise<Schema> {
      await requireWorkspace(db.knex, scope);
      return get(scope);
    },

    async create(scope: TenantScope, input: NewSchemaInput, by: Actor): Promise<Schema> {
      const id = input.id ?? randomUUID();
      if (!isOpaqueId(id)) throw invalid('/id', OPAQUE_ID_RULE);
      if (builtInSchema(id) !== undefined) throw idTaken();
      const { settings, inlined, validator } = await prepareSchema(input);
      const { tenantId } = scope;
      const written = { ...settings, tenantId, id, system: input.system ?? false };
      const { schema, revision } = await inTransaction(db, async (tx) => {
        const revision = (await writing(() => store.insertSchema(tx, written))) ?? tooMany();
        await audit(tx, { tenantId, schemaId: id }, 'created', by, settings.name);
        return { revision, schema: (await store.findSchema(tx, { tenantId, schemaId: id })) ?? absent() };
      });
      keepSchema(scope, { id, revision, inlined }, validator);
      return schema;
    },

    /**
     * Replaces a schema. What people hold already stays as it is, valid or not, until it is written again;
     * everything that is written from now on must fit.
     */
    async update(
      scope: SchemaScope,
      input: SchemaInput,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Schema> {
      const before = await get(scope);
      if (before.system) throw systemSchema();
      requireVersion(expected, before);
      // Compiling comes before the transaction: nobody waits for a lock because of it.
      const { settings, inlined, validator } = await prepareSchema(input);
      const { schema, revision } = await inTransaction(db, async (tx) => {
        const current = (await store.lockSchema(tx, scope, 'update')) ?? absent();
        requireVersion(expected, current);
        const revision = await writing(() => store.updateSchema(tx, scope, settings));
        await audit(tx, scope, 'updated', by, settings.name);
        return { revision, schema: (await store.findSchema(tx, scope)) ?? absent() };
      });
      keepSchema(scope, { id: scope.schemaId, revision, inlined }, validator);
      return schema;
    },

    /** Deletes a schema. Refused for one of the system (400), and while a pool, a person or an import follows it (409). */
    async remove(scope: SchemaScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      if (builtIn(scope) !== undefined) throw systemSchema();
      await inTransaction(db, async (tx) => {
        const current = (await store.lockSchema(tx, scope, 'delete')) ?? absent();
        if (current.system) throw systemSchema();
        requireVersion(expected, current);
        const followers = await followersOf(tx, scope, MAX_DEPENDENTS);
        refuseDependedOn(followers, 'It is still used', 'schema_in_use');
        await store.deleteSchema(tx, scope);
        await audit(tx, scope, 'deleted', by, current.name);
      });
      dropSchema(scope, scope.schemaId);
    },
  };
}

/** A schema that was read and compiled, before the transaction that keeps it. */
export type PreparedSchema = {
  readonly settings: { readonly name: string; readonly description: string; readonly document: JsonSchema };
  readonly inlined: JsonSchema;
  readonly validator: Validator;
};

/** Everything that can be refused about a schema without knowing the others; for those that write more than one. */
export async function prepareSchema(input: SchemaInput): Promise<PreparedSchema> {
  const name = input.name.trim();
  if (BUILT_IN_SCHEMAS.some((schema) => schema.name === name.toLowerCase())) throw nameTaken();
  const { document, inlined, patterns } = readSchema({ name, document: input.document });
  const outcome = await compile({ document: inlined, patterns });
  if ('issues' in outcome) {
    refuseAny(
      outcome.issues.map(({ pointer, message }) => ({ pointer: pointer || '/schema', message })),
      'schema_refused',
    );
    throw new Error('a schema was refused without a reason');
  }
  const settings = { name, description: input.description ?? '', document };
  return { settings, inlined, validator: loadValidator(outcome.code) };
}

/** Creates a schema in the caller's transaction, or replaces the one of this id. Gives whether it is new. */
export async function putSchema(
  tx: Knex.Transaction,
  scope: SchemaScope,
  { settings }: PreparedSchema,
  by: Actor,
): Promise<boolean> {
  const { tenantId, schemaId } = scope;
  if (!isOpaqueId(schemaId)) throw invalid('/id', OPAQUE_ID_RULE);
  if (builtInSchema(schemaId) !== undefined) throw systemSchema();
  const current = await store.lockSchema(tx, scope, 'update');
  if (current?.system === true) throw systemSchema();
  if (current === undefined) {
    const written = { ...settings, tenantId, id: schemaId, system: false };
    if ((await writing(() => store.insertSchema(tx, written))) === undefined) tooMany();
  } else {
    await writing(() => store.updateSchema(tx, scope, settings));
  }
  await audit(tx, scope, current === undefined ? 'created' : 'updated', by, settings.name);
  return current === undefined;
}

function builtIn({ tenantId, schemaId }: SchemaScope): Schema | undefined {
  const found = builtInSchema(schemaId);
  if (found === undefined) return undefined;
  const { id, name, description, document } = found;
  const unchanging = { system: true, rowVersion: 1, createdAt: null, updatedAt: null };
  return { tenantId, id, name, description, document, ...unchanging };
}

async function requireWorkspace(executor: Knex, scope: WorkspaceScope): Promise<void> {
  if ((await findWorkspace(executor, scope)) === undefined) throw notFound('Workspace');
}

async function writing<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const constraint = violatedUniqueConstraint(error);
    if (constraint === 'schemas_pkey') throw idTaken();
    if (constraint === 'schemas_name_unique') throw nameTaken();
    if (violatedForeignKey(error) !== undefined) throw notFound('Tenant');
    throw error;
  }
}

const idTaken = (): DomainError => conflict('There is a schema with this id already', 'id_taken');

const nameTaken = (): DomainError => conflict('There is a schema with this name already', 'name_taken');

const systemSchema = (): DomainError =>
  malformed('This schema is part of the system: it can be neither changed nor deleted', 'system_schema');

async function audit(
  tx: Knex.Transaction,
  scope: SchemaScope,
  action: 'created' | 'updated' | 'deleted',
  by: Actor,
  name: string,
): Promise<void> {
  await recordAudit(tx, scope, by, {
    subject: 'schema',
    action,
    payload: { schema_id: scope.schemaId, name },
  });
}

function absent(): never {
  throw notFound('Schema');
}

function tooMany(): never {
  throw invalid('', `a tenant has at most ${MAX_SCHEMAS} schemas: delete one that nobody uses`, 'too_many');
}
