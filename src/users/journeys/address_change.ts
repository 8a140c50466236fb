import type { Knex } from 'knex';
import { enqueueMessage, type Template } from '../../messages/enqueue.ts';
import type { PoolScope } from '../../pools/pool.ts';
import type { Sealer } from '../../security/seal.ts';
import { pageLink } from '../codes/code_link.ts';
import { provenAddresses } from '../notice_store.ts';
import type { UserScope } from '../user.ts';

/** How long a new address waits to be confirmed. */
export const STAGED_SECONDS = 24 * 60 * 60;
/** How long the old address can take a change back that was made. */
export const OBJECTION_SECONDS = 72 * 60 * 60;

const PURPOSE = 'address_objection';
const CODE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(h1\.[\w-]{1,64}\.[\w-]{20,100})$/;

const bound = ({ tenantId, poolId }: PoolScope, changeId: string): string =>
  JSON.stringify([tenantId, poolId, changeId]);

/** What the link to object carries. It is a keyed hash: nothing stored can be presented (rule 4). */
export const objectionCode = (sealer: Sealer, scope: PoolScope, changeId: string): string =>
  `${changeId}.${sealer.keyedHash(PURPOSE, bound(scope, changeId))}`;

/** The change that a code of ours names; undefined for any other text. */
export function changeOf(sealer: Sealer, scope: PoolScope, code: string): string | undefined {
  const [, changeId = '', hash = ''] = CODE.exec(code) ?? [];
  const isOurs = changeId !== '' && sealer.matchesKeyedHash(PURPOSE, bound(scope, changeId), hash);
  return isOurs ? changeId : undefined;
}

export type Told = {
  readonly template: Template;
  readonly changeId: string;
  /** The new address, shown masked. */
  readonly address: string;
  readonly expiresAt: Date;
  readonly workspaceId?: string | undefined;
};

/** Tells the owner of the account, at every address they had, and gives them the link to object. */
export async function tellOfChange(
  tx: Knex.Transaction,
  { sealer, publicUrl }: { readonly sealer: Sealer; readonly publicUrl: string },
  scope: UserScope,
  { template, changeId, address, expiresAt, workspaceId }: Told,
): Promise<void> {
  const proven = (await provenAddresses(tx, scope)).filter((entry) => entry.address !== address);
  const mail = proven.filter(({ type }) => type === 'email');
  const query = { code: objectionCode(sealer, scope, changeId) };
  const link = pageLink(publicUrl, scope, 'object-address', { query, workspaceId });
  for (const entry of mail.length > 0 ? mail : proven) {
    const channel = entry.type === 'email' ? 'email' : 'sms';
    const message = { template, channel, to: entry.address, workspaceId, expiresAt } as const;
    await enqueueMessage(tx, sealer, scope, { ...message, values: { link, address } });
  }
}
