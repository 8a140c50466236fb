import { z } from 'zod';
import { IMPORT_STATUSES } from '../../../imports/import.ts';
import { id, time } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';

const count = z.int().min(0);

/** A streaming import with its progress. Counts are of lines; blank ones do not count. */
export const Import = z
  .strictObject({
    id,
    tenant_id: id,
    identity_pool_id: id,
    source: z.enum(['api', 'command_line']),
    status: z.enum(IMPORT_STATUSES),
    dry_run: z.boolean(),
    received: count.meta({ description: 'Lines read so far' }),
    created: count.meta({ description: 'People written; in a dry run, who would be' }),
    skipped: count.meta({ description: 'People who were there already' }),
    failed: count.meta({ description: 'Lines that were refused' }),
    failure: z.string().optional().meta({ description: 'Why it ended early' }),
    started_at: time,
    updated_at: time,
    finished_at: time.optional(),
  })
  .meta({ id: 'Import' });

const ImportError = z
  .strictObject({
    line: z.int().min(1),
    pointer: z.string(),
    code: z.enum(['malformed', 'invalid', 'hash_refused', 'id_taken', 'identifier_taken', 'passkey_taken']),
    message: z.string(),
  })
  .meta({ id: 'ImportError' });

export const ImportWithErrors = Import.extend({
  errors: z.array(ImportError),
  next_after_line: z.int().optional().meta({ description: 'Send it as `after_line` for what follows' }),
}).meta({ id: 'ImportWithErrors' });

export const Imports = z.strictObject({ imports: z.array(Import) }).meta({ id: 'Imports' });

export const ImportsQuery = z.strictObject(pagingQuery('import'));

const wholeNumber = z
  .string()
  .regex(/^\d{1,12}$/, 'must be a whole number')
  .transform(Number);

export const ImportQuery = z.strictObject({
  after_line: wholeNumber.optional(),
  limit: wholeNumber
    .pipe(z.int().min(1).max(1000))
    .optional()
    .meta({ description: 'Lines at fault on a page; 100 when absent' }),
});

export const NewImportQuery = z.strictObject({
  dry_run: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
});
