import { z } from 'zod';
import { CLAIM_TYPES, SOURCE_TYPES } from '../../../claims/claim.ts';
import type { ClaimInput } from '../../../claims/claim_service.ts';
import { distinct, id, line, readOnly } from '../../fields.ts';
import { contextPath } from './attribute_schema.ts';

const name = z.string().min(1).max(128);
const scopes = distinct(z.string().min(1).max(128), 50);

const body = {
  name,
  type: z.enum(CLAIM_TYPES),
  source_type: z.enum(SOURCE_TYPES).optional(),
  source_path: contextPath.optional().meta({ description: 'A path into the authentication context' }),
  mapping: contextPath.optional().meta({ deprecated: true, description: 'Older name of source_path' }),
  scopes: scopes.optional().meta({ description: 'One that is granted is enough; none: always' }),
  opaque: z.boolean().optional().meta({ description: 'Only at userinfo and introspection' }),
  description: line(1000).optional(),
  verified: z.literal(false, 'must be false: no claim says how it was verified').optional(),
  tenant_id: readOnly,
};

type Paths = { source_path?: string | undefined; mapping?: string | undefined };
const onePath = <T extends z.ZodType<Paths>>(schema: T) =>
  schema.superRefine((given, context) => {
    const { source_path: path, mapping } = given;
    if (path === undefined && mapping === undefined) {
      context.addIssue({ code: 'custom', path: ['source_path'], message: 'is missing' });
    }
    if (path !== undefined && mapping !== undefined && path !== mapping) {
      context.addIssue({ code: 'custom', path: ['mapping'], message: 'contradicts source_path' });
    }
  });

/** What makes a claim (contract 1.11). */
export const ClaimBody = onePath(
  z.strictObject({ ...body, id: id.optional(), authorization_server_id: id }),
).meta({ id: 'Claim' });

export const UpdateClaimBody = onePath(
  z.strictObject({ ...body, id: readOnly, authorization_server_id: id.optional() }),
).meta({ id: 'UpdateClaim' });

export const ClaimResponse = z
  .strictObject({
    id,
    tenant_id: id,
    authorization_server_id: id,
    name,
    type: z.enum(CLAIM_TYPES),
    source_type: z.enum(SOURCE_TYPES),
    source_path: contextPath,
    mapping: contextPath,
    scopes,
    opaque: z.boolean(),
    description: line(1000),
  })
  .meta({ id: 'ClaimResponse' });

export const ClaimsResponse = z.strictObject({ claims: z.array(ClaimResponse) }).meta({ id: 'Claims' });

type Given = Omit<z.output<typeof UpdateClaimBody>, 'id' | 'authorization_server_id' | 'tenant_id'>;

export const toClaimInput = (given: Given): ClaimInput => ({
  name: given.name,
  type: given.type,
  sourceType: given.source_type,
  sourcePath: given.source_path ?? given.mapping ?? '',
  scopes: given.scopes,
  opaque: given.opaque,
  description: given.description,
});
