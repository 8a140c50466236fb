import { z } from 'zod';
import type { ScopeInput } from '../../../access/scope_service.ts';
import { freeMap, id, line, readOnly } from '../../fields.ts';
import { requiredGroups, toRequiredGroups } from '../required_groups.ts';
import { ServiceSummary } from '../services/schema.ts';

const displayName = line(200).meta({ description: 'What people read on the consent page' });
const description = line(1000).meta({ description: 'Shown below it' });
const text = z.strictObject({ display_name: displayName.optional(), description: description.optional() });

const common = {
  name: z.string().min(1).max(128),
  display_name: displayName,
  description,
  translations: z.record(z.string().max(32), text).meta({ description: 'The two texts by language' }),
  required_groups: requiredGroups,
  metadata: freeMap,
  // What the reference can do besides: said in the answer, refused otherwise.
  implicit: z.literal(false),
  implicit_grant: z.literal(false),
  transient: z.literal(false),
};

const { name, ...optional } = common;
const body = {
  name,
  ...z.strictObject(optional).partial().shape,
  service_id: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'The service that the scope is for; absent or empty: it goes with any token' }),
  tenant_id: readOnly,
  service: readOnly,
  with_service: readOnly,
  system: readOnly,
};

/** What creates a scope; other fields are refused. */
export const CreateScopeBody = z
  .strictObject({ ...body, id: z.string().max(64).optional(), authorization_server_id: id })
  .meta({ id: 'CreateScopeRequest' });

export const UpdateScopeBody = z
  .strictObject({ ...body, id: readOnly, authorization_server_id: id.optional() })
  .meta({ id: 'UpdateScopeRequest' });

export const ScopeResponse = z
  .strictObject({
    ...common,
    id: z.string(),
    tenant_id: id,
    authorization_server_id: id,
    system: z.boolean().meta({ description: 'Built in: it cannot be changed' }),
    with_service: z.boolean(),
    service_id: id.optional(),
    service: ServiceSummary.optional(),
  })
  .meta({ id: 'ScopeWithService' });

export const ScopesResponse = z
  .strictObject({ scopes: z.array(ScopeResponse) })
  .meta({ id: 'ScopesWithServices' });

type Body = Omit<z.output<typeof CreateScopeBody>, 'id' | 'authorization_server_id'>;

/** The body in the words of the domain. */
export const toScopeInput = (given: Body): ScopeInput => ({
  name: given.name,
  displayName: given.display_name,
  description: given.description,
  translations:
    given.translations &&
    Object.fromEntries(
      Object.entries(given.translations).map(([language, said]) => [
        language,
        { displayName: said.display_name ?? '', description: said.description ?? '' },
      ]),
    ),
  // The empty text is how some callers say "none".
  apiId: given.service_id === '' ? undefined : given.service_id,
  requiredGroups: toRequiredGroups(given.required_groups),
  metadata: given.metadata,
});
