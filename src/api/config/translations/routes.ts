import { versionOf } from '../../etag.ts';
import { ofTenant } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentBuiltIn, presentTranslation } from './present.ts';
import { toSentences, Translation, TranslationBody, Translations } from './schema.ts';

const tag = 'translations';
const TRANSLATION = '/api/admin/{tid}/translation/{locale}';

export const translationRoutes = [
  route({
    method: 'get',
    path: '/api/admin/{tid}/translations',
    operationId: 'listTranslations',
    summary: 'The words of pages that the tenant has put in the place of ours, by language',
    tag,
    requires: ofTenant('list_workspaces'),
    answers: { status: 200, schema: Translations },
    refuses: [],
    handler: async ({ params, domain }) => {
      const translations = await domain.ownTexts.list({ tenantId: params.tid });
      return { body: { translations: translations.map((one) => presentTranslation(params.tid, one)) } };
    },
  }),
  route({
    method: 'get',
    path: TRANSLATION,
    operationId: 'getTranslation',
    summary: 'The tenant’s own words in one language',
    tag,
    requires: ofTenant('list_workspaces'),
    answers: { status: 200, schema: Translation },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const translation = await domain.ownTexts.get({ tenantId: params.tid }, params.locale);
      return { body: presentTranslation(params.tid, translation), version: translation.rowVersion };
    },
  }),
  route({
    method: 'put',
    path: TRANSLATION,
    operationId: 'upsertTranslation',
    summary: 'Put words in the place of ours; sentences that are left out are said in ours',
    tag,
    requires: ofTenant('manage_themes'),
    body: TranslationBody,
    answers: { status: 200, schema: Translation },
    refuses: [404, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const chosen = { enabled: body.enabled ?? true, content: toSentences(body.content) };
      const scope = { tenantId: params.tid };
      const translation = await domain.ownTexts.put(scope, params.locale, chosen, by, expected);
      return { body: presentTranslation(params.tid, translation), version: translation.rowVersion };
    },
  }),
  route({
    method: 'delete',
    path: TRANSLATION,
    operationId: 'deleteTranslation',
    summary: 'Say everything in our words again',
    tag,
    requires: ofTenant('manage_themes'),
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.ownTexts.remove({ tenantId: params.tid }, params.locale, by, expected);
      return {};
    },
  }),
  route({
    method: 'get',
    path: `${TRANSLATION}/builtin`,
    operationId: 'getBuiltinTranslation',
    summary: 'Every sentence of the pages as Weir says it',
    tag,
    requires: ofTenant('list_workspaces'),
    answers: { status: 200, schema: Translation },
    refuses: [404],
    handler: ({ params, domain }) => {
      const body = presentBuiltIn(params.tid, params.locale, domain.ownTexts.builtIn(params.locale));
      return Promise.resolve({ body, version: versionOf(body) });
    },
  }),
];
