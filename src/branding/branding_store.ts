import type { Knex } from 'knex';
import type { Brand, BrandOwner, ImageSlot } from './brand.ts';
import type { UploadedImage } from './image.ts';

export type StoredBrand = { readonly brand: Brand; readonly rowVersion: number };
export type StoredImages = Readonly<Partial<Record<ImageSlot, UploadedImage>>>;

/** Table and key of whoever the brand is of; pools that are deleted are absent. */
const placeOf = (owner: BrandOwner) =>
  'workspaceId' in owner
    ? {
        table: 'workspaces',
        where: 'tenant_id = :tenantId AND workspace_id = :workspaceId',
        key: { tenantId: owner.tenantId, workspaceId: owner.workspaceId },
      }
    : {
        table: 'pools',
        where: 'tenant_id = :tenantId AND pool_id = :poolId AND deleted_at IS NULL',
        key: { tenantId: owner.tenantId, poolId: owner.poolId },
      };

export async function findBrand(executor: Knex, owner: BrandOwner): Promise<StoredBrand | undefined> {
  const { table, where, key } = placeOf(owner);
  const { rows } = await executor.raw<{ rows: StoredBrand[] }>(
    `SELECT branding AS brand, branding_version AS "rowVersion" FROM ${table} WHERE ${where}`,
    key,
  );
  return rows[0];
}

/** The brand with its pictures, held until the transaction ends. */
export async function lockBrand(
  tx: Knex.Transaction,
  owner: BrandOwner,
): Promise<(StoredBrand & { readonly images: StoredImages }) | undefined> {
  const { table, where, key } = placeOf(owner);
  const { rows } = await tx.raw<{ rows: (StoredBrand & { images: StoredImages })[] }>(
    `SELECT branding AS brand, branding_version AS "rowVersion", brand_images AS images
       FROM ${table} WHERE ${where} FOR NO KEY UPDATE`,
    key,
  );
  return rows[0];
}

/** Gives the new version. */
export async function writeBrand(
  tx: Knex.Transaction,
  owner: BrandOwner,
  brand: Brand,
  images: StoredImages,
): Promise<number> {
  const { table, where, key } = placeOf(owner);
  const { rows } = await tx.raw<{ rows: { version: number }[] }>(
    `UPDATE ${table} SET branding = :brand, brand_images = :images, branding_version = branding_version + 1
      WHERE ${where} RETURNING branding_version AS version`,
    { ...key, brand: JSON.stringify(brand), images: JSON.stringify(images) },
  );
  return rows[0]?.version ?? 0;
}

/** One uploaded picture; `undefined` where there is none. */
export async function findImage(
  executor: Knex,
  owner: BrandOwner,
  slot: ImageSlot,
): Promise<UploadedImage | undefined> {
  const { table, where, key } = placeOf(owner);
  const { rows } = await executor.raw<{ rows: { image: UploadedImage | null }[] }>(
    `SELECT brand_images -> :slot AS image FROM ${table} WHERE ${where}`,
    { ...key, slot },
  );
  return rows[0]?.image ?? undefined;
}
