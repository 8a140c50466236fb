import { Readable } from 'node:stream';
import { z } from 'zod';
import { ofPool } from '../../requirement.ts';
import { route } from '../../route.ts';

export const exportRoutes = [
  route({
    method: 'get',
    path: '/api/identity/{tid}/admin/pools/{ipID}/users/export',
    operationId: 'ExportUsers',
    summary: 'Everybody of a pool with hashes and secrets, one a line, as an import takes them',
    tag: 'imports',
    requires: ofPool('export_identity_pool_users'),
    answers: { status: 200, schema: z.string(), type: 'application/x-ndjson' },
    refuses: [404],
    handler: async ({ params, by, domain }) => {
      const lines = await domain.exports.people({ tenantId: params.tid, poolId: params.ipID }, by);
      return { body: Readable.from(lines, { objectMode: false }) };
    },
  }),
];
