import { z } from 'zod';
import { parseStrictJson } from '../../strict_json.ts';

const MAX_CHARS = 4_096;

/** A query parameter that holds a JSON document. `otherwise` says what it must be. */
export const jsonText = <T>(schema: z.ZodType<T>, otherwise: string) =>
  z
    .string()
    .max(MAX_CHARS)
    .transform((text, context) => {
      const document = schema.safeParse(parse(text));
      if (document.success) return document.data;
      context.addIssue(otherwise);
      return z.NEVER;
    });

function parse(text: string): unknown {
  try {
    return parseStrictJson(Buffer.from(text));
  } catch {
    return undefined;
  }
}
