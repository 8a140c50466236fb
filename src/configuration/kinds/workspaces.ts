import { answerWorkspace } from '../../api/config/workspaces/present.ts';
import { ServerBody, toNewWorkspace, toWorkspaceInput } from '../../api/config/workspaces/schema.ts';
import { ADMIN_WORKSPACE, SYSTEM_WORKSPACE } from '../../tenants/tenant.ts';
import type { Workspace } from '../../workspaces/workspace.ts';
import { everyPage, kind } from '../kind.ts';

// What pools and clients may do here: they are narrowed after these.
const CEILINGS = ['authentication_mechanisms', 'grant_types', 'subject_identifier_types'];
const BUILT_IN = [ADMIN_WORKSPACE, SYSTEM_WORKSPACE];
// The address of the server decides the issuer, and no file says it.
const answer = (workspace: Workspace) => answerWorkspace(workspace, '');

export const workspaces = kind({
  noun: 'workspace',
  path: 'workspaces/{id}/workspace.yaml',
  idField: 'id',
  // Those that a file may make are all of one type; the other says what idp_discovery says.
  leftOut: ['type', 'enable_idp_discovery'],
  fixed: ['key_type'],
  body: ServerBody,
  widened: (wanted, current) => ({
    ...wanted,
    ...Object.fromEntries(
      CEILINGS.filter((field) => Array.isArray(wanted[field])).map((field) => [
        field,
        [...new Set([...(wanted[field] as unknown[]), ...(current[field] as unknown[])])],
      ]),
    ),
  }),
  list: async ({ domain, tenantId }) =>
    (await everyPage((page) => domain.workspaces.list({ tenantId }, {}, page))).map((workspace) => ({
      id: workspace.id,
      answer: answer(workspace),
      kept: BUILT_IN.includes(workspace.id),
    })),
  create: async ({ domain, tenantId, by }, { id }, body) =>
    answer(await domain.workspaces.create({ tenantId }, { ...toNewWorkspace(body), id }, by)),
  update: async ({ domain, tenantId, by }, { id }, body, expected) =>
    answer(
      await domain.workspaces.update({ tenantId, workspaceId: id }, toWorkspaceInput(body), by, expected),
    ),
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.workspaces.remove({ tenantId, workspaceId: id }, by, expected),
});
