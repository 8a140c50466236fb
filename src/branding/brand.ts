/** The longest side a logo may be shown at, in px: above it the head of a page is no longer a line. */
export const LOGO_HEIGHT = { min: 24, max: 48 } as const;

export const CORNERS = ['basin', 'square', 'round'] as const;
export const TYPEFACES = ['sans', 'humanist', 'serif'] as const;
export const SCHEMES = ['auto', 'light', 'dark'] as const;
export const MOTIFS = ['full', 'quiet', 'off'] as const;
export const LINKS = ['help', 'privacy', 'terms', 'imprint'] as const;
export const IMAGE_SLOTS = ['logo', 'logoDark', 'favicon'] as const;

export type Scheme = (typeof SCHEMES)[number];
export type LinkKind = (typeof LINKS)[number];
export type ImageSlot = (typeof IMAGE_SLOTS)[number];

/** A picture at an address of somebody's, or one that was uploaded, known by the hash of its bytes. */
export type BrandImage = { readonly url: string } | { readonly type: string; readonly hash: string };

/** Colours as they were given: `#rgb` or `#rrggbb`. What pages use is computed from them. */
export type BrandColors = {
  readonly primary?: string | undefined;
  readonly primaryDark?: string | undefined;
  readonly header?: string | undefined;
  readonly background?: string | undefined;
};

export type BrandText = { readonly headline?: string | undefined; readonly intro?: string | undefined };

/** How the pages of a workspace or of a pool look. What is left out is as Weir has it, or as the workspace. */
export type Brand = {
  readonly displayName?: string | undefined;
  readonly defaultLocale?: string | undefined;
  readonly colors?: BrandColors | undefined;
  readonly logo?: BrandImage | undefined;
  readonly logoDark?: BrandImage | undefined;
  readonly favicon?: BrandImage | undefined;
  readonly logoHeight?: number | undefined;
  readonly corners?: (typeof CORNERS)[number] | undefined;
  readonly typeface?: (typeof TYPEFACES)[number] | undefined;
  readonly scheme?: Scheme | undefined;
  readonly motif?: (typeof MOTIFS)[number] | undefined;
  /** By language. */
  readonly texts?: Readonly<Record<string, BrandText>> | undefined;
  readonly links?: Readonly<Partial<Record<LinkKind, string>>> | undefined;
};

/** Whose brand it is. */
export type BrandOwner =
  | { readonly tenantId: string; readonly workspaceId: string }
  | { readonly tenantId: string; readonly poolId: string };

/** A brand with the owner of its pictures: addresses of uploaded ones lead there. */
export type OwnedBrand = { readonly owner: BrandOwner; readonly brand: Brand };

/** Where the files of a brand are served: below the issuer, or below the pages of the pool. */
export const brandPath = (owner: BrandOwner): string =>
  'workspaceId' in owner
    ? `/${owner.tenantId}/${owner.workspaceId}`
    : `/${owner.tenantId}/identity/${owner.poolId}`;

const SLOT_NAMES: Readonly<Record<ImageSlot, string>> = {
  logo: 'logo',
  logoDark: 'logo_dark',
  favicon: 'favicon',
};

/** The slot that the last part of an address names. */
export const slotNamed = (name: string): ImageSlot | undefined =>
  IMAGE_SLOTS.find((slot) => SLOT_NAMES[slot] === name);

/** Where a page finds a picture of a brand; `undefined` where there is none. */
export function imageAddress({ owner, brand }: OwnedBrand, slot: ImageSlot): string | undefined {
  const image = brand[slot];
  if (image === undefined) return undefined;
  return 'url' in image ? image.url : `${brandPath(owner)}/brand/${SLOT_NAMES[slot]}?v=${image.hash}`;
}

/**
 * One look over another: of a pool over its workspace, of a workspace over its tenant. Colours are one choice, and
 * so are the two logos: half of each would not go together.
 */
export function overlay(below: Brand, above: Brand): Brand {
  const { logo, logoDark, ...others } = below;
  const chosen = Object.fromEntries(
    Object.entries(above).filter(([, value]) => value !== undefined),
  ) as Brand;
  return {
    ...others,
    ...(above.logo === undefined && { logo, logoDark }),
    ...chosen,
    links: { ...below.links, ...above.links },
    texts: { ...below.texts, ...above.texts },
  };
}
