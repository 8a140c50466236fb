import type { ClaimsPreview } from '../../../claims/preview_service.ts';
import { asMembers, type Reason, type Told } from '../../../claims/told.ts';
import { presentMapping } from '../connections/present.ts';

/** A preview as it leaves: for each place what is said there, and by which rule. */
export const presentPreview = (preview: ClaimsPreview): object => ({
  id_token: place(preview.id_token),
  access_token: place(preview.access_token),
  introspection: place(preview.introspection),
  userinfo: place(preview.userinfo),
});

const place = ({ builtIn, told }: ClaimsPreview['id_token']): object => ({
  claims: { ...asMembers(told), ...builtIn },
  rules: {
    ...Object.fromEntries(told.map(({ name, reason }: Told) => [name, presentReason(reason)])),
    ...Object.fromEntries(Object.keys(builtIn).map((name) => [name, { rule: 'built_in' }])),
  },
});

const presentReason = (reason: Reason): object => ({
  rule: reason.rule,
  ...(reason.rule === 'claim' ? { claim_id: reason.claimId } : { scope: reason.scope }),
  source_path: reason.path,
  ...(reason.mapping === undefined ? {} : { mapping: presentMapping(reason.mapping) }),
});
