import { z } from 'zod';
import { parseStrictJson } from '../../../strict_json.ts';
import { freeMap } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';

const userKey = z.string().min(1).max(320).optional();
// Nothing is found by an empty object or array: it would be a walk through everybody.
const document = freeMap.refine((map) => Object.values(map).every(isAsking)).optional();

function isAsking(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const children = Object.values(value);
  return children.length > 0 && children.every(isAsking);
}

/** What lists of people are asked with: a page, and conditions that must all hold (contract section 0). */
export const UsersQuery = usersQuery(
  z.strictObject({ user_key: userKey, payload: document, metadata: document }),
  '`{"user_key": ..., "payload": {...}, "metadata": {...}}`',
);

/** The same without metadata, which delegated administrators do not see. */
export const B2bUsersQuery = usersQuery(
  z.strictObject({ user_key: userKey, payload: document }),
  '`{"user_key": ..., "payload": {...}}`',
);

function usersQuery<F extends z.ZodType>(filter: F, shape: string) {
  return z.strictObject({
    ...pagingQuery('user'),
    sort: z.enum(['id']).optional(),
    query: z
      .string()
      .max(4096)
      .transform((text, context): z.output<F> => {
        const read = filter.safeParse(parseJson(text));
        if (read.success) return read.data;
        context.addIssue(
          `must be JSON like ${shape} with no other keys, and no empty objects or arrays in it`,
        );
        return z.NEVER;
      })
      .optional()
      .meta({
        description: `JSON: ${shape}, all of which must match. A \`user_key\` is a user id, or how an identifier or verified address starts or ends.`,
      }),
  });
}

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(Buffer.from(text));
  } catch {
    return undefined;
  }
}
