import { setTimeout as sleep } from 'node:timers/promises';
import { pageOf } from '../../paging.ts';
import { ofPool } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentImport, presentImportWithErrors } from './present.ts';
import { Import, ImportQuery, Imports, ImportsQuery, ImportWithErrors, NewImportQuery } from './schema.ts';

const tag = 'imports';
const IMPORTS = '/api/identity/{tid}/admin/pools/{ipID}/imports';
const CSV = 'text/csv';
const DEFAULT_ERRORS = 100;
// Whoever sends a small file learns at once how it went; for a large one they ask again.
const ANSWER_WITHIN_MS = 2_000;

export const importRoutes = [
  route({
    method: 'post',
    path: IMPORTS,
    operationId: 'CreateImport',
    summary: 'Import people from a file, one a line, of any length',
    description:
      'People are written while the file comes. A line that is refused leaves the others alone. The same file ' +
      'again changes nothing: people who are there are skipped. Lines with password hashes or secrets need the ' +
      'permission `import_identity_pool_users` too, lines with groups `manage_identity_pool_groups`.',
    tag,
    requires: ofPool('manage_identity_pool_users'),
    query: NewImportQuery,
    stream: ['application/x-ndjson', 'application/jsonl', CSV],
    answers: { status: 201, schema: Import },
    refuses: [404, 409],
    handler: async ({ params, query, stream, by, allows, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const ofPoolAsked = { type: 'pool', poolId: params.ipID } as const;
      const options = {
        source: 'api',
        format: stream.contentType === CSV ? 'csv' : 'ndjson',
        dryRun: query.dry_run ?? false,
        mayBringSecrets: await allows('import_identity_pool_users', ofPoolAsked),
        mayBringGroups: await allows('manage_identity_pool_groups', ofPoolAsked),
      } as const;
      const { importId, done } = await domain.imports.receive(scope, options, stream, by);
      // A database that is away now is back later, and the import with it.
      await Promise.race([done.catch(() => {}), sleep(ANSWER_WITHIN_MS, undefined, { ref: false })]);
      return { body: presentImport(await domain.imports.get({ ...scope, importId })) };
    },
  }),
  route({
    method: 'get',
    path: IMPORTS,
    operationId: 'ListImports',
    summary: 'The imports of a pool, newest first',
    tag,
    requires: ofPool('manage_identity_pool_users'),
    query: ImportsQuery,
    answers: { status: 200, schema: Imports },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_import_id, query.before_import_id);
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const imports = await domain.imports.list(scope, { ...page, order: query.order ?? 'desc' });
      return { body: { imports: imports.map(presentImport) } };
    },
  }),
  route({
    method: 'get',
    path: `${IMPORTS}/{importID}`,
    operationId: 'GetImport',
    summary: 'How far an import is, and what is wrong with its lines',
    tag,
    requires: ofPool('manage_identity_pool_users'),
    query: ImportQuery,
    answers: { status: 200, schema: ImportWithErrors },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, importId: params.importID };
      const job = await domain.imports.get(scope);
      const { after_line: afterLine = 0, limit = DEFAULT_ERRORS } = query;
      const errors = await domain.imports.issues(scope, { afterLine, limit });
      return { body: presentImportWithErrors(job, errors, limit) };
    },
  }),
  route({
    method: 'post',
    path: `${IMPORTS}/{importID}/cancel`,
    operationId: 'CancelImport',
    summary: 'Stop an import; who is written stays',
    tag,
    requires: ofPool('manage_identity_pool_users'),
    answers: { status: 200, schema: Import },
    refuses: [404, 409],
    handler: async ({ params, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, importId: params.importID };
      return { body: presentImport(await domain.imports.cancel(scope, by)) };
    },
  }),
];
