import { locales } from '../../../i18n/locales.ts';
import { CHANNELS } from '../../../messages/message.ts';
import { ofTenant } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerTemplate, presentBuiltIn, presentCatalogue, presentTemplate } from './present.ts';
import {
  MessagePreview,
  MessageTemplate,
  MessageTemplateBody,
  MessageTemplates,
  PreviewBody,
} from './schema.ts';

const tag = 'message templates';
const TEMPLATES = '/api/admin/{tid}/message-templates';
const TEMPLATE = `${TEMPLATES}/{message}/{channel}/{locale}` as const;

type Params = {
  readonly tid: string;
  readonly message: string;
  readonly channel: string;
  readonly locale: string;
};
const named = ({ tid, message, channel, locale }: Params) => ({ tenantId: tid, message, channel, locale });

/** What mails and text messages say, in a tenant's own words. */
export const messageTemplateRoutes = [
  route({
    method: 'get',
    path: TEMPLATES,
    operationId: 'listMessageTemplates',
    summary: 'The messages that the tenant has put into words of its own, and all that there are',
    tag,
    requires: ofTenant('list_workspaces'),
    answers: { status: 200, schema: MessageTemplates },
    refuses: [],
    handler: async ({ params, domain }) => {
      const templates = await domain.messageTemplates.list({ tenantId: params.tid });
      return {
        body: {
          message_templates: templates.map(presentTemplate),
          messages: presentCatalogue(),
          channels: [...CHANNELS],
          locales: [...locales],
        },
      };
    },
  }),
  route({
    method: 'get',
    path: TEMPLATE,
    operationId: 'getMessageTemplate',
    summary: 'A message in the tenant’s own words',
    tag,
    requires: ofTenant('list_workspaces'),
    answers: { status: 200, schema: MessageTemplate },
    refuses: [404],
    handler: async ({ params, domain }) => answerTemplate(await domain.messageTemplates.get(named(params))),
  }),
  route({
    method: 'get',
    path: `${TEMPLATE}/builtin`,
    operationId: 'getBuiltinMessageTemplate',
    summary: 'A message as Weir says it, with its variables',
    tag,
    requires: ofTenant('list_workspaces'),
    answers: { status: 200, schema: MessageTemplate },
    refuses: [404],
    handler: ({ params, domain }) =>
      Promise.resolve({ body: presentBuiltIn(domain.messageTemplates.builtIn(named(params))) }),
  }),
  route({
    method: 'put',
    path: TEMPLATE,
    operationId: 'upsertMessageTemplate',
    summary: 'Say a message in words of the tenant’s own, from the next one on',
    tag,
    requires: ofTenant('manage_themes'),
    body: MessageTemplateBody,
    answers: { status: 200, schema: MessageTemplate },
    refuses: [404, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const words = { subject: body.subject ?? '', text: body.text };
      return answerTemplate(await domain.messageTemplates.put(named(params), words, by, expected));
    },
  }),
  route({
    method: 'delete',
    path: TEMPLATE,
    operationId: 'deleteMessageTemplate',
    summary: 'Say it in our words again',
    tag,
    requires: ofTenant('manage_themes'),
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.messageTemplates.remove(named(params), by, expected);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${TEMPLATE}/preview`,
    operationId: 'previewMessageTemplate',
    summary: 'A message as it would be sent, with sample values or others. Sends nothing',
    tag,
    requires: ofTenant('list_workspaces'),
    body: PreviewBody,
    answers: { status: 200, schema: MessagePreview },
    refuses: [404],
    handler: async ({ params, body, domain }) => {
      const words = body.text === undefined ? undefined : { subject: body.subject ?? '', text: body.text };
      return { body: await domain.messageTemplates.preview(named(params), words, body.values ?? {}) };
    },
  }),
];
