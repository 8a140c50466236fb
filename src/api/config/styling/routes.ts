import type { BrandOwner } from '../../../branding/brand.ts';
import { ofPool, ofWorkspace, type PathRequirement } from '../../requirement.ts';
import { route, type Route } from '../../route.ts';
import { answerStyling } from './present.ts';
import { Styling, StylingBody, toBrand } from './schema.ts';

const tag = 'styling';

const inPlace = (place: {
  readonly path: string;
  readonly of: string;
  readonly reads: PathRequirement;
  readonly changes: PathRequirement;
  readonly ownerOf: (params: Readonly<Record<string, string>>) => BrandOwner;
}): readonly Route[] => {
  const { path, of, reads, changes, ownerOf } = place;
  const name = of === 'workspace' ? 'Server' : 'Pool';
  return [
    route({
      method: 'get',
      path,
      operationId: `get${name}Styling`,
      summary: `How the pages of a ${of} look`,
      tag,
      requires: reads,
      answers: { status: 200, schema: Styling },
      refuses: [404],
      handler: async ({ params, domain }) => {
        const owner = ownerOf(params);
        return answerStyling(owner, await domain.branding.get(owner));
      },
    }),
    route({
      method: 'put',
      path,
      operationId: `update${name}Styling`,
      summary: `Replace the look of a ${of}'s pages; shown everywhere within two seconds`,
      tag,
      requires: changes,
      body: StylingBody,
      answers: { status: 200, schema: Styling },
      refuses: [404, 412],
      handler: async ({ params, body, by, expected, domain }) => {
        const owner = ownerOf(params);
        return answerStyling(owner, await domain.branding.replace(owner, toBrand(body), by, expected));
      },
    }),
    route({
      method: 'delete',
      path,
      operationId: `delete${name}Styling`,
      summary: `Back to the look that a ${of} has by itself`,
      tag,
      requires: changes,
      answers: { status: 204 },
      refuses: [404, 412],
      handler: async ({ params, by, expected, domain }) => {
        await domain.branding.replace(ownerOf(params), {}, by, expected);
        return {};
      },
    }),
  ];
};

export const stylingRoutes: readonly Route[] = [
  ...inPlace({
    path: '/api/admin/{tid}/servers/{wid}/styling',
    of: 'workspace',
    reads: ofWorkspace('get_workspace'),
    changes: ofWorkspace('update_workspace'),
    ownerOf: ({ tid = '', wid = '' }) => ({ tenantId: tid, workspaceId: wid }),
  }),
  ...inPlace({
    path: '/api/identity/{tid}/admin/pools/{ipID}/styling',
    of: 'pool',
    reads: ofPool('get_identity_pool'),
    changes: ofPool('update_identity_pool'),
    ownerOf: ({ tid = '', ipID = '' }) => ({ tenantId: tid, poolId: ipID }),
  }),
];
