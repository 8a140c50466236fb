import { z } from 'zod';
import { id, readOnly } from '../../fields.ts';

/** Sentences by the part of the pages they belong to, then by name: `{ sign_in: { title: ... } }`. */
const content = z
  .record(z.string().max(64), z.record(z.string().max(64), z.string().max(2_000)))
  .meta({ example: { sign_in: { title: 'Welcome to Harbour' } } });

/** A tenant's own words in one language (contract 3.5). Plain text; placeholders are those of the built-in sentence. */
export const TranslationBody = z
  .strictObject({
    content,
    enabled: z.boolean().optional().meta({ description: 'Whether pages use it. True when left out' }),
    locale: readOnly,
    tenant_id: readOnly,
    is_built_in: readOnly,
    built_in_exists: readOnly,
    created_at: readOnly,
    updated_at: readOnly,
  })
  .meta({ id: 'TranslationRequest' });

export const Translation = z
  .strictObject({
    tenant_id: id,
    locale: z.string(),
    enabled: z.boolean(),
    content: z.record(z.string(), z.record(z.string(), z.string())),
    is_built_in: z.boolean(),
    built_in_exists: z.boolean(),
    created_at: z.string().optional(),
    updated_at: z.string().optional(),
  })
  .meta({ id: 'Translation' });

export const Translations = z
  .strictObject({ translations: z.array(Translation) })
  .meta({ id: 'Translations' });

/** Sentences by their whole names, `sign_in.title`. */
export function toSentences(body: z.output<typeof content>): Record<string, string> {
  const parts = Object.entries(body).flatMap(([part, sentences]) =>
    Object.entries(sentences).map(([name, sentence]) => [`${part}.${name}`, sentence] as const),
  );
  return Object.fromEntries(parts);
}
