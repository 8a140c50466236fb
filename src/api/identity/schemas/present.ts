import type { Schema } from '../../../schemas/schema.ts';
import { present } from '../../present.ts';
import type { Answer } from '../../route.ts';

/** A schema as it leaves. */
export function presentSchema(schema: Schema): object {
  return {
    id: schema.id,
    tenant_id: schema.tenantId,
    name: schema.name,
    description: schema.description,
    schema: schema.document,
    system: schema.system,
    ...present({ created_at: schema.createdAt, updated_at: schema.updatedAt }),
  };
}

export const answerSchema = (schema: Schema): Answer => ({
  body: presentSchema(schema),
  version: schema.rowVersion,
});

export const answerSchemas = (schemas: readonly Schema[]): Answer => ({
  body: { schemas: schemas.map(presentSchema) },
});
