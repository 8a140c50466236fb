import type { Brand, OwnedBrand } from '../branding/brand.ts';
import { pageBrand } from '../branding/page_brand.ts';
import { type PageSetting, setPage } from '../http/render.ts';
import { accountPath } from '../oidc/account_client.ts';
import { offeredLanguages } from '../i18n/offered_languages.ts';
import type { Tenant } from '../tenants/tenant.ts';
import type { ConnectedPool, WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import type { Journey } from './journey.ts';

type PoolLook = { readonly tenantId: string; readonly poolId: string; readonly branding: Brand };

// Every request below an issuer asks for it, those of programs too; a changed workspace is another snapshot.
const known = new WeakMap<WorkspaceSnapshot, PageSetting>();

/** What a workspace adds to its pages; on the steps and pages of one pool, the pool's own look over it. */
export function lookOf(
  snapshot: WorkspaceSnapshot,
  pool?: Pick<PoolLook, 'poolId' | 'branding'>,
): PageSetting {
  if (pool) return compose(snapshot, ownedPoolBrand({ tenantId: snapshot.tenantId, ...pool }));
  const look = known.get(snapshot) ?? compose(snapshot, undefined);
  known.set(snapshot, look);
  return look;
}

function compose(snapshot: WorkspaceSnapshot, pool: OwnedBrand | undefined): PageSetting {
  const { name, logoUri, texts, languages } = snapshot;
  const brand = pageBrand(ownedBrand(snapshot), pool);
  return {
    workspaceName: brand.name ?? name,
    accountHref: accountPath(snapshot),
    brand: brand.logo === undefined && logoUri !== '' ? { ...brand, logo: logoUri } : brand,
    texts,
    languages,
  };
}

/** Says that a step of a journey is one of a pool's. */
export function showLookOf({ ctx, server }: Journey, { poolId, pool }: ConnectedPool): void {
  setPage(ctx, lookOf(server.snapshot, { poolId, branding: pool.branding }));
}

/** Who runs the sign-in, as people know them. */
export const houseName = ({ branding, name }: WorkspaceSnapshot): string => branding.displayName ?? name;

/** The look of a pool's pages where no workspace is known. */
export const lookOfPool = (pool: PoolLook, { settings }: Tenant): PageSetting => {
  const brand = pageBrand(undefined, ownedPoolBrand(pool));
  const languages = offeredLanguages(settings.translations);
  return { brand, languages, ...(brand.name === undefined ? {} : { workspaceName: brand.name }) };
};

export const ownedBrand = ({ tenantId, workspaceId, branding }: WorkspaceSnapshot): OwnedBrand => ({
  owner: { tenantId, workspaceId },
  brand: branding,
});

export const ownedPoolBrand = ({ tenantId, poolId, branding }: PoolLook): OwnedBrand => ({
  owner: { tenantId, poolId },
  brand: branding,
});
