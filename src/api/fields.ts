import { z } from 'zod';
import { formatDuration, parseDuration } from '../duration.ts';
import { isStorableMoment, MOMENT_RULE } from '../moment.ts';

/** Schemas of single fields that several resources share. */

/** Text for people to read: one line, bounded. */
export const line = (max = 200) =>
  z
    .string()
    .max(max)
    // Controls and line separators forge logs, headers and mails.
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line without control characters');

export const id = z.string().min(1).max(64);
export const uri = z.string().max(2048);
export const time = z.iso.datetime({ offset: true }).refine(isStorableMoment, MOMENT_RULE);

/** A Go duration in whole seconds, read as seconds. */
export const duration = z
  .string()
  .max(32)
  .transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined) return seconds;
    context.addIssue('must be a duration in whole seconds, such as 1h30m0s');
    return z.NEVER;
  })
  .meta({ format: 'duration', example: '1h0m0s' });

/** The same for a value that is kept as text, in its usual form. */
export const durationText = duration.transform(formatDuration);

export const durationAnswer = z.string().meta({ format: 'duration', example: '1h0m0s' });

/** A document that the caller fills as they like. The domain bounds its size. */
export const freeMap = z.record(z.string().max(256), z.unknown());

/** Accepted so that an answer can be sent back as it came; the server sets it and ignores what is sent. */
export const readOnly = z.unknown().optional().meta({ readOnly: true, description: 'Set by the server' });

/** Several values in one query parameter, any of which will do. */
export const anyOf = <T extends z.ZodType<string, string>>(item: T) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(item).min(1))
    .optional()
    .meta({ description: 'Several, separated by commas' });

export const distinct = <T extends z.ZodType>(item: T, max: number) =>
  z
    .array(item)
    .max(max)
    .refine((items) => new Set(items).size === items.length, 'must not name the same one twice');
