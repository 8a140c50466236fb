import { imageAddress, type ImageSlot, LINKS, type OwnedBrand } from '../../../branding/brand.ts';
import type { StoredBrand } from '../../../branding/branding_store.ts';
import { presentContractStyling } from '../../../branding/contract_styling.ts';
import { type Shades, usedColors } from '../../../branding/used_colors.ts';
import type { Answer } from '../../route.ts';

/** A brand as it leaves; every field is there, empty or with its default where nothing was chosen. */
export function presentStyling({ owner, brand }: OwnedBrand): object {
  const { colors = {}, texts = {} } = brand;
  const address = (slot: ImageSlot) => imageAddress({ owner, brand }, slot) ?? '';
  const used = usedColors(colors);
  return {
    ...presentContractStyling({ owner, brand }),
    colors: {
      primary: colors.primary ?? '',
      primary_dark: colors.primaryDark ?? '',
      header: colors.header ?? '',
      background: colors.background ?? '',
    },
    font: brand.typeface ?? 'sans',
    logo_dark_url: address('logoDark'),
    favicon_url: address('favicon'),
    display_name: brand.displayName ?? '',
    default_locale: brand.defaultLocale ?? '',
    corners: brand.corners ?? 'basin',
    scheme: brand.scheme ?? 'auto',
    motif: brand.motif ?? 'full',
    texts: Object.fromEntries(
      Object.entries(texts).map(([locale, { headline = '', intro = '' }]) => [locale, { headline, intro }]),
    ),
    links: Object.fromEntries(LINKS.map((kind) => [kind, brand.links?.[kind] ?? ''])),
    used_colors: { light: presentShades(used.light), dark: presentShades(used.dark) },
  };
}

const presentShades = ({ primary, onPrimary, header, background }: Shades): object => ({
  primary,
  on_primary: onPrimary,
  header,
  background,
});

export const answerStyling = (owner: OwnedBrand['owner'], { brand, rowVersion }: StoredBrand): Answer => ({
  body: presentStyling({ owner, brand }),
  version: rowVersion,
});
