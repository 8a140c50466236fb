import type { Knex } from 'knex';
import { LRUCache } from 'lru-cache';
import type { Database } from '../db/connection.ts';
import { type ExpectedVersion, type Issue, notFound, refuseAny, requireVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { changingConfig, type ConfigBus } from '../workspaces/config_change.ts';
import {
  type Brand,
  type BrandImage,
  type BrandOwner,
  brandPath,
  IMAGE_SLOTS,
  imageAddress,
  type ImageSlot,
} from './brand.ts';
import * as store from './branding_store.ts';
import { isWebImage, readImage, type UploadedImage } from './image.ts';

/** A brand as it is chosen: pictures as https addresses, as uploads, or as the address an upload is served at. */
export type BrandInput = Omit<Brand, ImageSlot> & { readonly [S in ImageSlot]?: string | undefined };

export type BrandingService = ReturnType<typeof createBrandingService>;

/** How the fields of pictures are called where the input comes from, for refusals. */
const FIELD: Readonly<Record<ImageSlot, string>> = {
  logo: '/logo_url',
  logoDark: '/logo_dark_url',
  favicon: '/favicon_url',
};

// A picture is asked for once by each browser; what is kept spares the bursts.
const MAX_CACHED_BYTES = 8 * 1024 * 1024;

/** How the pages of workspaces and pools look. Throws `DomainError`. */
export function createBrandingService({ db, bus }: { db: Database; bus: ConfigBus }) {
  const pictures = new LRUCache<string, UploadedImage>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ data }) => data.length + 1,
  });
  return {
    async get(owner: BrandOwner): Promise<store.StoredBrand> {
      return (await store.findBrand(db.knex, owner)) ?? absent(owner);
    },

    /** Replaces the whole brand; what is left out is as Weir has it. Shown at once here, within 2 s elsewhere. */
    async replace(
      owner: BrandOwner,
      input: BrandInput,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<store.StoredBrand> {
      return changingConfig(db, bus, async (tx, touch) => {
        const current = (await store.lockBrand(tx, owner)) ?? absent(owner);
        requireVersion(expected, current);
        const { brand, images } = resolve(owner, input, current.images);
        const rowVersion = await store.writeBrand(tx, owner, brand, images);
        await ('workspaceId' in owner ? touch.workspace(owner) : touch.workspacesOfPool(owner));
        await audit(tx, owner, by);
        return { brand, rowVersion };
      });
    },

    /** An uploaded picture. With the hash it is known by, it is read once a process. */
    async image(owner: BrandOwner, slot: ImageSlot, hash: string): Promise<UploadedImage | undefined> {
      const key = `${brandPath(owner)}#${slot}#${hash}`;
      const known = pictures.get(key);
      if (known) return known;
      const found = await store.findImage(db.knex, owner, slot);
      if (found?.hash === hash) pictures.set(key, found);
      return found;
    },
  };
}

function resolve(
  owner: BrandOwner,
  { logo, logoDark, favicon, ...others }: BrandInput,
  kept: store.StoredImages,
): { brand: Brand; images: store.StoredImages } {
  const given: BrandInput = { logo, logoDark, favicon };
  const chosen: { -readonly [S in ImageSlot]?: BrandImage } = {};
  const images: { -readonly [S in ImageSlot]?: UploadedImage } = {};
  const issues: Issue[] = [];
  for (const slot of IMAGE_SLOTS) {
    const uri = given[slot];
    if (uri === undefined || uri === '') continue;
    const before = kept[slot];
    if (before && uri === imageAddress({ owner, brand: { [slot]: before } }, slot)) images[slot] = before;
    else if (uri.startsWith('data:')) {
      const read = readImage(uri, slot);
      if ('problem' in read) issues.push({ pointer: FIELD[slot], message: read.problem });
      else images[slot] = read;
    } else if (isWebImage(uri)) chosen[slot] = { url: uri };
    else issues.push({ pointer: FIELD[slot], message: ADDRESS_RULE });
    const upload = images[slot];
    if (upload) chosen[slot] = { type: upload.type, hash: upload.hash };
  }
  refuseAny(issues);
  return { brand: { ...others, ...chosen }, images };
}

const ADDRESS_RULE = 'must be an https address, or an upload as data:image/...;base64,...';

async function audit(tx: Knex.Transaction, owner: BrandOwner, by: Actor): Promise<void> {
  const { tenantId } = owner;
  if ('workspaceId' in owner) {
    const { workspaceId } = owner;
    const payload = { server_id: workspaceId, changed: 'styling' };
    return recordAudit(tx, { tenantId }, by, { subject: 'server', action: 'updated', workspaceId, payload });
  }
  const { poolId } = owner;
  const payload = { identity_pool_id: poolId, changed: 'styling' };
  return recordAudit(tx, { tenantId }, by, {
    subject: 'pool',
    action: 'updated',
    affected: { poolId },
    payload,
  });
}

const absent = (owner: BrandOwner): never => {
  throw notFound('workspaceId' in owner ? 'Workspace' : 'Pool');
};
