import { presentTranslation } from '../../api/config/translations/present.ts';
import { toSentences, TranslationBody } from '../../api/config/translations/schema.ts';
import type { z } from 'zod';
import type { Answer } from '../../api/route.ts';
import type { Translation } from '../../branding/own_texts.ts';
import type { ExpectedVersion } from '../../domain_error.ts';
import { kind, type Key, type Place } from '../kind.ts';

/** The words of pages that a tenant has put in the place of ours, by language. */
export const translations = kind({
  noun: 'translation',
  path: 'translations/{id}.yaml',
  idField: 'locale',
  body: TranslationBody,
  list: async ({ domain, tenantId }) =>
    (await domain.ownTexts.list({ tenantId })).map((translation) => ({
      id: translation.locale,
      answer: answer(tenantId, translation),
    })),
  create: (place, key, body) => put(place, key, body),
  update: put,
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.ownTexts.remove({ tenantId }, id, by, expected),
});

async function put(
  { domain, tenantId, by }: Place,
  { id }: Key,
  body: z.output<typeof TranslationBody>,
  expected?: ExpectedVersion,
): Promise<Answer> {
  const chosen = { enabled: body.enabled ?? true, content: toSentences(body.content) };
  return answer(tenantId, await domain.ownTexts.put({ tenantId }, id, chosen, by, expected));
}

const answer = (tenantId: string, translation: Translation): Answer => ({
  body: presentTranslation(tenantId, translation),
  version: translation.rowVersion,
});
