import { neededIn, OWN_MESSAGES, variablesOf } from '../../../messages/catalogue.ts';
import type { MessageTemplate, TemplateKey } from '../../../messages/templates/message_template.ts';
import type { OwnWords } from '../../../messages/templates/own_words.ts';
import type { Answer } from '../../route.ts';

/** A message in the tenant's own words as they leave. */
export const presentTemplate = (template: MessageTemplate): object => ({
  ...keyAndWords(template),
  is_built_in: false,
  created_at: template.createdAt.toISOString(),
  updated_at: template.updatedAt.toISOString(),
});

/** A message in our words, which nobody changes. */
export const presentBuiltIn = (template: TemplateKey & OwnWords): object => ({
  ...keyAndWords(template),
  is_built_in: true,
});

const keyAndWords = ({ tenantId, message, channel, locale, subject, text }: TemplateKey & OwnWords) => ({
  tenant_id: tenantId,
  message,
  channel,
  locale,
  subject,
  text,
});

export const answerTemplate = (template: MessageTemplate): Answer => ({
  body: presentTemplate(template),
  version: template.rowVersion,
});

/** All messages there are, with what may and what must be said. */
export const presentCatalogue = (): object[] =>
  OWN_MESSAGES.map((name) => ({
    name,
    variables: variablesOf(name),
    needs_one_of: neededIn(name),
  }));
