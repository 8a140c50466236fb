import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
} from '../../credentials/passkey_ceremony.ts';
import { base64url } from '../../credentials/passkeys.ts';
import type { FormFields } from '../../http/form_body.ts';

const MAX_TRANSPORTS_LENGTH = 128;
// WebAuthn L3 §5.8.4.
const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;

const bytes = (form: FormFields, name: string): string | undefined => {
  const text = base64url(form.get(name) ?? '');
  return text === '' ? undefined : text;
};

/** An authenticator's answer to `get()`, as the script of the pages sends it; undefined for what is none. */
export function readAssertion(form: FormFields): AuthenticationResponseJSON | undefined {
  const [id, clientDataJSON, authenticatorData, signature] = [
    bytes(form, 'passkey_id'),
    bytes(form, 'client_data'),
    bytes(form, 'authenticator_data'),
    bytes(form, 'signature'),
  ];
  if (id === undefined || clientDataJSON === undefined) return undefined;
  if (authenticatorData === undefined || signature === undefined) return undefined;
  const userHandle = bytes(form, 'user_handle');
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON,
      authenticatorData,
      signature,
      ...(userHandle === undefined ? {} : { userHandle }),
    },
  };
}

/** An authenticator's answer to `create()`, in the same way. */
export function readCreation(form: FormFields): RegistrationResponseJSON | undefined {
  const [id, clientDataJSON, attestationObject] = [
    bytes(form, 'passkey_id'),
    bytes(form, 'client_data'),
    bytes(form, 'attestation_object'),
  ];
  if (id === undefined || clientDataJSON === undefined || attestationObject === undefined) return undefined;
  const given = (form.get('transports') ?? '').slice(0, MAX_TRANSPORTS_LENGTH).split(' ');
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON,
      attestationObject,
      transports: TRANSPORTS.filter((transport) => given.includes(transport)),
    },
  };
}
