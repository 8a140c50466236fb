import { z } from 'zod';
import {
  CORNERS,
  LINKS,
  LOGO_HEIGHT,
  MOTIFS,
  SCHEMES,
  TYPEFACES,
  type BrandText,
} from '../../../branding/brand.ts';
import type { BrandInput } from '../../../branding/branding_service.ts';
import { MAX_IMAGE_BYTES } from '../../../branding/image.ts';
import { locales } from '../../../i18n/locales.ts';
import { line, readOnly, uri } from '../../fields.ts';

/** Empty means "none", as it does in answers of programs that know the field but have no value for it. */
export const orEmpty = <T extends z.ZodType>(schema: T) =>
  z
    .union([z.literal(''), schema])
    .optional()
    .transform((value) => (value === '' ? undefined : value));

export const color = z
  .string()
  .regex(/^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/, 'must be a colour such as #0b5660')
  .meta({ example: '#0b5660' });

const image = (slot: keyof typeof MAX_IMAGE_BYTES) =>
  z
    .string()
    // Base64 takes four characters for three bytes; what is in front of it is short.
    .max(Math.ceil((MAX_IMAGE_BYTES[slot] * 4) / 3) + 100, 'is too large')
    .meta({
      description: `An https address, or a picture of at most ${MAX_IMAGE_BYTES[slot] / 1024} KiB as data URI in base64. An upload is answered with the address it is served at, which keeps it when sent back`,
    });

const link = z
  .string()
  .max(2048)
  .refine((text) => /^https?:\/\/\S+$/.test(text) && URL.canParse(text), 'must be an http or https address');

export const logoHeight = z
  .string()
  .regex(/^\d{1,3}(?:px)?$/, 'must be a height such as 28px')
  .refine((text) => {
    const height = Number.parseInt(text, 10);
    return height >= LOGO_HEIGHT.min && height <= LOGO_HEIGHT.max;
  }, `must be from ${LOGO_HEIGHT.min}px to ${LOGO_HEIGHT.max}px`);
const pixels = logoHeight.transform((text) => Number.parseInt(text, 10));

export const locale = z.enum(locales as unknown as readonly [string, ...string[]]);

const texts = z
  .partialRecord(locale, z.strictObject({ headline: line(80).optional(), intro: line(240).optional() }))
  .meta({ description: 'By language; shown above the first step of a sign-in' });

/** What is chosen about the look of pages (contract 1.1 and 1.2, and more). What is left out is as Weir has it. */
export const StylingBody = z
  .strictObject({
    colors: z
      .strictObject({
        primary: orEmpty(color),
        primary_dark: orEmpty(color),
        header: orEmpty(color),
        background: orEmpty(color),
      })
      .optional(),
    font_url: z
      .literal('', 'is not loaded: pages ask nobody but this server. Choose a font instead')
      .optional(),
    font: z.enum(TYPEFACES).optional(),
    logo_url: orEmpty(image('logo')),
    logo_dark_url: orEmpty(image('logoDark')),
    logo_size: orEmpty(pixels),
    favicon_url: orEmpty(image('favicon')),
    display_name: orEmpty(line(80)),
    default_locale: orEmpty(locale),
    corners: z.enum(CORNERS).optional(),
    scheme: z.enum(SCHEMES).optional(),
    motif: z.enum(MOTIFS).optional(),
    texts: texts.optional(),
    links: z.strictObject(Object.fromEntries(LINKS.map((kind) => [kind, orEmpty(link)]))).optional(),
    used_colors: readOnly,
  })
  .meta({ id: 'StylingRequest' });

const shades = z
  .strictObject({ primary: z.string(), on_primary: z.string(), header: z.string(), background: z.string() })
  .meta({ id: 'StylingShades' });

export const Styling = z
  .strictObject({
    colors: z.strictObject({
      primary: z.string(),
      primary_dark: z.string(),
      header: z.string(),
      background: z.string(),
    }),
    font_url: z.string(),
    font: z.enum(TYPEFACES),
    logo_url: z.string(),
    logo_dark_url: z.string(),
    logo_size: z.string(),
    favicon_url: z.string(),
    display_name: z.string(),
    default_locale: z.string(),
    corners: z.enum(CORNERS),
    scheme: z.enum(SCHEMES),
    motif: z.enum(MOTIFS),
    texts: z.record(z.string(), z.strictObject({ headline: z.string(), intro: z.string() })),
    links: z.record(z.enum(LINKS), uri),
    used_colors: z
      .strictObject({ light: shades, dark: shades })
      .meta({ readOnly: true, description: 'What pages use: corrected until text can be read on it' }),
  })
  .meta({ id: 'Styling' });

export function toBrand(body: z.output<typeof StylingBody>): BrandInput {
  const { colors } = body;
  const links = Object.entries(body.links ?? {}).filter(([, href]) => href !== undefined);
  return {
    ...(colors && {
      colors: {
        primary: colors.primary,
        primaryDark: colors.primary_dark,
        header: colors.header,
        background: colors.background,
      },
    }),
    logo: body.logo_url,
    logoDark: body.logo_dark_url,
    favicon: body.favicon_url,
    logoHeight: body.logo_size,
    displayName: body.display_name,
    defaultLocale: body.default_locale,
    corners: body.corners,
    typeface: body.font,
    scheme: body.scheme,
    motif: body.motif,
    texts: textsOf(body.texts ?? {}),
    links: Object.fromEntries(links),
  };
}

/** Languages without a word in them are left out. */
function textsOf(texts: Readonly<Record<string, BrandText | undefined>>): Record<string, BrandText> {
  const said = Object.entries(texts).flatMap(([language, text]) => {
    const { headline, intro } = text ?? {};
    const words = { ...(headline ? { headline } : {}), ...(intro ? { intro } : {}) };
    return Object.keys(words).length === 0 ? [] : [[language, words] as const];
  });
  return Object.fromEntries(said);
}
