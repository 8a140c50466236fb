import { z } from 'zod';
import { answerTemplate } from '../../api/config/message_templates/present.ts';
import { MessageTemplateBody } from '../../api/config/message_templates/schema.ts';
import type { Answer } from '../../api/route.ts';
import type { ExpectedVersion } from '../../domain_error.ts';
import type { MessageTemplate } from '../../messages/templates/message_template.ts';
import { kind, type Key, type Place } from '../kind.ts';

/** In a file one name says which it is: message, form and language, `otp.email.de`. */
const File = MessageTemplateBody.extend({ id: z.string() });

/** What messages say in the tenant's own words. */
export const messageTemplates = kind({
  noun: 'message template',
  path: 'message_templates/{id}.yaml',
  idField: 'id',
  body: File,
  list: async ({ domain, tenantId }) =>
    (await domain.messageTemplates.list({ tenantId })).map((template) => ({
      id: idOf(template),
      answer: answer(template),
    })),
  create: (place, key, body) => put(place, key, body),
  update: put,
  remove: (place, key, expected) =>
    place.domain.messageTemplates.remove(named(place, key), place.by, expected),
});

async function put(
  place: Place,
  key: Key,
  { subject = '', text }: z.output<typeof File>,
  expected?: ExpectedVersion,
): Promise<Answer> {
  const words = { subject, text };
  return answer(await place.domain.messageTemplates.put(named(place, key), words, place.by, expected));
}

function answer(template: MessageTemplate): Answer {
  const { body, ...rest } = answerTemplate(template);
  return { ...rest, body: { id: idOf(template), ...(body as object) } };
}

const idOf = ({ message, channel, locale }: MessageTemplate): string => `${message}.${channel}.${locale}`;

/** What is no name of a message is none that the service knows. */
function named({ tenantId }: Place, { id }: Key) {
  const [message = '', channel = '', locale = ''] = id.split('.', 3);
  return { tenantId, message, channel, locale };
}
