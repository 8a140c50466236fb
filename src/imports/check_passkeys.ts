import { readPasskeyRecord } from '../credentials/passkey_record.ts';
import { toPasskeyRecord } from '../credentials/passkey_document.ts';
import type { RelyingParty } from '../credentials/passkeys.ts';
import type { Issue } from '../domain_error.ts';
import type { StagedPasskey } from './import.ts';
import type { PersonDocument } from './person_document.ts';

type Payload = NonNullable<PersonDocument['credentials']>[number]['payload'];

/**
 * The passkeys of a person of an import. An authenticator answers for the host alone that the key was made for
 * (WebAuthn L3 §4, "scope"): where the file tells another one, nobody could ever sign in with it.
 */
export function passkeysOf(
  { rp_id: host, keys }: Payload,
  pointer: string,
  party: RelyingParty,
  note: (issues: readonly Issue[]) => void,
): StagedPasskey[] {
  if (host !== undefined && host !== party.id) {
    const message = `must be ${party.id}: passkeys answer only for the host that they were made for`;
    note([{ pointer: `${pointer}/payload/rp_id`, message }]);
    return [];
  }
  if (keys === undefined) {
    note([{ pointer: `${pointer}/payload/keys`, message: 'must hold the records of the keys' }]);
    return [];
  }
  return keys.flatMap(({ name, created_at: createdAt, ...record }, index) => {
    const read = readPasskeyRecord(party, toPasskeyRecord(record));
    if (typeof read !== 'string') {
      const { userHandle: _unknown, ...key } = read;
      return [{ ...key, name, createdAt, cloneWarning: record.authenticator?.cloneWarning }];
    }
    note([{ pointer: `${pointer}/payload/keys/${index}`, message: read }]);
    return [];
  });
}
