import { z } from 'zod';
import { KEYWORDS } from '../../../schemas/json_schema.ts';
import type { NewSchemaInput } from '../../../schemas/schema_service.ts';
import { freeMap, id, line, readOnly, time } from '../../fields.ts';

// The domain reads it keyword by keyword and names what is wrong; here it only has to be an object.
const document = freeMap.meta({
  description: `A subset of JSON Schema 2020-12: ${[...KEYWORDS.keys()].join(', ')}`,
});

/** What creates or replaces a schema (contract 1.6). */
export const SchemaBody = z
  .strictObject({
    id: z.string().max(64).optional(),
    name: line(100).meta({ description: 'Unique in the tenant' }),
    description: line(1000).optional(),
    schema: document,
    system: z.boolean().optional().meta({
      description: 'Nobody may change or delete it. Taken from a client of the system workspace only',
    }),
    tenant_id: readOnly,
    created_at: readOnly,
    updated_at: readOnly,
  })
  .meta({ id: 'Schema' });

export const SchemaResponse = z
  .strictObject({
    id,
    tenant_id: id,
    name: z.string(),
    description: z.string(),
    schema: document,
    system: z.boolean(),
    created_at: time.optional(),
    updated_at: time.optional(),
  })
  .meta({ id: 'SchemaResponse' });

export const SchemasResponse = z.strictObject({ schemas: z.array(SchemaResponse) }).meta({ id: 'Schemas' });

/** The body in the words of the domain, as far as an administrator may decide. */
export function toSchemaInput(body: z.output<typeof SchemaBody>): Omit<NewSchemaInput, 'system'> {
  return { id: body.id, name: body.name, description: body.description, document: body.schema };
}
