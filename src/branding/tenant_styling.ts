import type { FreeMap } from '../free_map.ts';
import { type Brand, type BrandColors, LOGO_HEIGHT } from './brand.ts';
import { parseColor } from './color.ts';

/**
 * What a tenant's `styling` says about the looks of all its workspaces (contract 1.1). It is a free map: what is no
 * colour, no https address and no height in px is left out.
 */
export function brandOfTenant(styling: FreeMap): Brand {
  const colors = Object(styling['colors']) as FreeMap;
  const chosen: BrandColors = {
    primary: colorOf(colors['primary']),
    header: colorOf(colors['header']),
    background: colorOf(colors['background']),
  };
  const logo = webAddress(styling['logo_url']);
  const logoHeight = heightOf(styling['logo_size']);
  return {
    ...(Object.values(chosen).some((color) => color !== undefined) && { colors: chosen }),
    ...(logo !== undefined && { logo: { url: logo } }),
    ...(logoHeight !== undefined && { logoHeight }),
  };
}

const colorOf = (value: unknown): string | undefined =>
  typeof value === 'string' && parseColor(value) ? value : undefined;

const webAddress = (value: unknown): string | undefined =>
  typeof value === 'string' && URL.parse(value)?.protocol === 'https:' ? value : undefined;

function heightOf(value: unknown): number | undefined {
  const [, digits] = typeof value === 'string' ? (/^(\d{1,3})(?:px)?$/.exec(value) ?? []) : [];
  const height = Number(digits);
  return height >= LOGO_HEIGHT.min && height <= LOGO_HEIGHT.max ? height : undefined;
}
