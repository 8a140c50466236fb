import { z } from 'zod';

// Ids as they may stand in a path; see docs on tenants and workspaces.
const id = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be a lower-case id of 1 to 63 characters');
const text = z.string().min(1).max(200);

const person = { given_name: text, family_name: text, name: text };
const named = z.strictObject({ id, name: text });

/** What `config/bootstrap.json` says a first start creates. `demo` is left out in production. */
export const bootstrapDescriptionSchema = z.strictObject({
  tenant: named,
  administrator: z.strictObject({ email: z.email().max(254), ...person }),
  administrators_pool: named,
  management_client: named,
  demo: z.strictObject({
    workspace: named,
    pool: named,
    person: z.strictObject({
      identifier: z.email().max(254),
      password: z.string().min(12).max(200),
      ...person,
    }),
    public_client: named,
    confidential_client: named,
  }),
});

export type BootstrapDescription = z.infer<typeof bootstrapDescriptionSchema>;
