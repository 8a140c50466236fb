import type { Translation } from '../../../branding/own_texts.ts';

/** A tenant's own words as they leave. */
export const presentTranslation = (tenantId: string, translation: Translation): object => ({
  tenant_id: tenantId,
  locale: translation.locale,
  enabled: translation.enabled,
  content: byPart(translation.content),
  is_built_in: false,
  built_in_exists: true,
  created_at: translation.createdAt.toISOString(),
  updated_at: translation.updatedAt.toISOString(),
});

/** Our own words, which nobody changes. */
export const presentBuiltIn = (
  tenantId: string,
  locale: string,
  sentences: Readonly<Record<string, string>>,
): object => ({
  tenant_id: tenantId,
  locale,
  enabled: true,
  content: byPart(sentences),
  is_built_in: true,
  built_in_exists: true,
});

/** `sign_in.title` stands as `title` in `sign_in`. */
function byPart(sentences: Readonly<Record<string, string>>): Record<string, Record<string, string>> {
  const parts: Record<string, Record<string, string>> = {};
  for (const [name, sentence] of Object.entries(sentences)) {
    const [part = ''] = name.split('.', 1);
    parts[part] = { ...parts[part], [name.slice(part.length + 1)]: sentence };
  }
  return parts;
}
