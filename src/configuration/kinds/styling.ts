import { answerStyling } from '../../api/config/styling/present.ts';
import { StylingBody, toBrand } from '../../api/config/styling/schema.ts';
import type { Answer } from '../../api/route.ts';
import { IMAGE_SLOTS, type BrandOwner, type ImageSlot } from '../../branding/brand.ts';
import { poolOfFile } from '../administrators_pool.ts';
import { kind, type Body, type Key, type Kind, type Place } from '../kind.ts';

type OwnerOf = (place: Place, key: Omit<Key, 'id'>) => BrandOwner;

/** How the pages of workspaces look. */
export const workspaceStyling = styling(
  'workspace styling',
  'workspaces/{workspace}/styling.yaml',
  ({ tenantId }, { workspace }) => ({ tenantId, workspaceId: workspace }),
);

/** How the pages of pools look. */
export const poolStyling = styling('pool styling', 'pools/{pool}/styling.yaml', (place, { pool }) => ({
  tenantId: place.tenantId,
  poolId: poolOfFile(place, pool),
}));

function styling(noun: string, path: string, ownerOf: OwnerOf): Kind {
  return kind({
    noun,
    path,
    body: StylingBody,
    list: async (place, parent) => [{ id: '', answer: await answer(place, ownerOf(place, parent)) }],
    async update(place, key, body, expected) {
      const owner = ownerOf(place, key);
      await place.domain.branding.replace(owner, toBrand(body), place.by, expected);
      return answer(place, owner);
    },
  });
}

const FIELDS: Readonly<Record<ImageSlot, string>> = {
  logo: 'logo_url',
  logoDark: 'logo_dark_url',
  favicon: 'favicon_url',
};

/** With uploaded pictures themselves: the address that one is served at leads to this tenant alone. */
async function answer({ domain }: Place, owner: BrandOwner): Promise<Answer> {
  const stored = await domain.branding.get(owner);
  const { body, version } = answerStyling(owner, stored);
  const uploads: [string, string][] = [];
  for (const slot of IMAGE_SLOTS) {
    const image = stored.brand[slot];
    if (image === undefined || 'url' in image) continue;
    const upload = await domain.branding.image(owner, slot, image.hash);
    if (upload !== undefined) uploads.push([FIELDS[slot], `data:${upload.type};base64,${upload.data}`]);
  }
  return {
    body: { ...(body as Body), ...Object.fromEntries(uploads) },
    ...(version !== undefined && { version }),
  };
}
