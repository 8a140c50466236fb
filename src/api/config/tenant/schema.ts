import { z } from 'zod';
import { isWebImage } from '../../../branding/image.ts';
import { locales } from '../../../i18n/locales.ts';
import type { TenantInput } from '../../../tenants/tenant_service.ts';
import { distinct, freeMap, id, line, readOnly, uri } from '../../fields.ts';
import { color, locale, logoHeight, orEmpty } from '../styling/schema.ts';

/** What decides something; every other field of the contract is refused by its name (contract 1.1). */
const settings = z.strictObject({
  security: z
    .strictObject({
      codes_without_token: z.boolean().optional().meta({
        description:
          'Whether the public operations of the self API take codes without a token. False when left out',
      }),
    })
    .optional(),
  translations: z
    .strictObject({
      enabled: z
        .boolean()
        .optional()
        .meta({ description: 'False: everything is said in the default language. True when left out' }),
      selector_enabled: z
        .boolean()
        .optional()
        .meta({ description: 'False: pages carry no links to other languages. True when left out' }),
      default_locale: locale.optional().meta({
        description: 'For those who want none that is offered; a workspace may have another for its pages',
      }),
      disabled_translations: distinct(locale, locales.length).optional(),
    })
    .optional(),
});

const shade = orEmpty(color);
const styling = z.strictObject({
  colors: z.strictObject({ primary: shade, header: shade, background: shade }).optional(),
  logo_url: orEmpty(uri.refine(isWebImage, 'must be an https address')),
  logo_size: orEmpty(logoHeight),
  font_url: z.literal('', 'is not loaded: pages ask nobody but this server').optional(),
});

/** The fields that whoever administers a tenant chooses, and whoever creates one. */
export const settableOfTenant = {
  name: line().min(1, 'must not be empty: messages come from it').optional(),
  url: z.literal('', 'is not chosen: PUBLIC_URL decides for the installation').optional(),
  settings: settings.optional(),
  styling: styling.optional(),
  metadata: freeMap.optional(),
};

export const UpdateTenantBody = z
  .strictObject({ ...settableOfTenant, id: readOnly })
  .meta({ id: 'UpdateTenant' });

export const tenantAnswer = {
  id,
  name: z.string(),
  settings,
  styling: z.strictObject({
    colors: z
      .strictObject({ primary: z.string(), header: z.string(), background: z.string() })
      .partial()
      .optional(),
    logo_url: uri.optional(),
    logo_size: z.string().optional(),
  }),
  metadata: freeMap,
};

export const TenantResponse = z.strictObject(tenantAnswer).meta({ id: 'TenantResponse' });

export function toTenantInput(
  body: Pick<z.output<typeof UpdateTenantBody>, keyof typeof settableOfTenant>,
): TenantInput {
  const { name, settings: choices, styling: look, metadata } = body;
  return {
    name,
    settings: choices,
    styling: look && { colors: look.colors, logo_url: look.logo_url, logo_size: look.logo_size },
    metadata,
  };
}
