import { z } from 'zod';
import type { Page } from '../db/keyset.ts';
import { badRequest } from '../http/errors.ts';
import { isOpaqueId, isUserId } from '../tenants/slug.ts';

export const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 200;

const cursor = (thing: string, description: string) =>
  z
    .string()
    .refine(thing === 'user' ? isUserId : isOpaqueId, 'is not an id')
    .optional()
    .meta({ description });

/**
 * The query parameters of a list by key: `limit`, `after_<thing>_id`, `before_<thing>_id` and `order`. `usual` is the
 * limit when none is asked for; `pageOf` wants to hear of another one too.
 */
export const pagingQuery = <Thing extends string>(thing: Thing, usual = DEFAULT_LIMIT) =>
  ({
    limit: z
      .string()
      .regex(/^\d{1,6}$/, 'must be a whole number')
      .transform(Number)
      .pipe(z.int().min(1).max(MAX_LIMIT))
      .optional()
      .meta({ description: `Rows on a page, 1 to ${MAX_LIMIT}; ${usual} when absent` }),
    order: z.enum(['asc', 'desc']).optional(),
    [`after_${thing}_id`]: cursor(thing, 'The page begins after this one'),
    [`before_${thing}_id`]: cursor(thing, 'The page ends before this one'),
  }) as unknown as {
    limit: z.ZodOptional<z.ZodType<number>>;
    order: z.ZodOptional<z.ZodEnum<{ asc: 'asc'; desc: 'desc' }>>;
  } & Record<`after_${Thing}_id` | `before_${Thing}_id`, z.ZodOptional<z.ZodType<string>>>;

/** The page that a validated query asks for. Throws `HttpError` 400 when it asks for both sides of a row. */
export function pageOf(
  query: { readonly limit?: number | undefined; readonly order?: 'asc' | 'desc' | undefined },
  after: string | undefined,
  before: string | undefined,
  usual = DEFAULT_LIMIT,
): Page {
  if (after !== undefined && before !== undefined) {
    throw badRequest('Ask for the page after a row or before one, not both');
  }
  return { limit: query.limit ?? usual, order: query.order, after, before };
}
