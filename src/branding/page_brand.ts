import {
  type Brand,
  brandPath,
  imageAddress,
  type ImageSlot,
  type LinkKind,
  LINKS,
  overlay,
  type OwnedBrand,
  type Scheme,
} from './brand.ts';
import { stylesheetOf } from './stylesheet.ts';

/** What a page shows of a brand: addresses and words, ready to be written down. */
export type PageBrand = {
  readonly name?: string | undefined;
  readonly defaultLocale?: string | undefined;
  readonly scheme: Scheme;
  /** The address of the brand's own style sheet. */
  readonly css?: string | undefined;
  readonly logo?: string | undefined;
  readonly logoDark?: string | undefined;
  readonly favicon?: string | undefined;
  /** By language. */
  readonly texts: NonNullable<Brand['texts']>;
  readonly links: readonly { readonly kind: LinkKind; readonly href: string }[];
};

/** The brand of a page: the workspace's, the pool's over it where the step belongs to a pool; one of them is there. */
export function pageBrand(workspace: OwnedBrand | undefined, pool: OwnedBrand | undefined): PageBrand {
  const brand = overlay(workspace?.brand ?? {}, pool?.brand ?? {});
  const picture = (slot: ImageSlot) => {
    const owned = pool?.brand[slot] === undefined ? workspace : pool;
    // One logo without the other: the pool's stands for both.
    return owned && brand[slot] === owned.brand[slot] ? imageAddress(owned, slot) : undefined;
  };
  return {
    name: brand.displayName,
    defaultLocale: brand.defaultLocale,
    scheme: brand.scheme ?? 'auto',
    css: stylesheetAddress(workspace, pool, brand),
    logo: picture('logo'),
    logoDark: picture('logoDark'),
    favicon: picture('favicon'),
    texts: brand.texts ?? {},
    links: LINKS.flatMap((kind) => {
      const href = brand.links?.[kind];
      return href === undefined ? [] : [{ kind, href }];
    }),
  };
}

function stylesheetAddress(
  workspace: OwnedBrand | undefined,
  pool: OwnedBrand | undefined,
  brand: Brand,
): string | undefined {
  const owner = (workspace ?? pool)?.owner;
  const sheet = stylesheetOf(brand);
  if (!owner || !sheet) return undefined;
  const own = workspace && stylesheetOf(workspace.brand);
  // The same look as the workspace's has the same address, so that a browser loads it once.
  const named =
    workspace && pool && own?.hash !== sheet.hash && 'poolId' in pool.owner
      ? { pool: pool.owner.poolId }
      : {};
  return `${brandPath(owner)}/brand.css?${new URLSearchParams({ ...named, v: sheet.hash })}`;
}
