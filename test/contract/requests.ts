import { randomUUID } from 'node:crypto';
import { person } from '../support/domain.ts';
import { CONFIGURATION_BODIES } from './configuration_requests.ts';
import type { Operation } from './spec.ts';
import { POOL, TENANT, WORKSPACE, type Call } from './world.ts';

/** Things that exist, by the name of the path parameter. */
export type Things = {
  readonly userID: string;
  readonly groupID: string;
  readonly schID: string;
  readonly webAuthnCredentialID: string;
  readonly mfaSessionID: string;
  readonly address: string;
  readonly identifier: string;
  readonly iid: string;
  readonly cid: string;
  readonly scp: string;
  readonly sid: string;
  readonly claim: string;
  readonly kid: string;
  readonly locale: string;
  readonly protectedType: string;
  readonly mfaID: string;
};

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const NEW_PASSWORD = 'four calm herons fish at dusk';
const WRONG_CODE = '000000';

const newUser = () => ({
  status: 'new',
  identifiers: [{ identifier: `${randomUUID()}@example.test`, type: 'email' }],
  payload: person('Walk'),
});
const schema = () => ({
  name: `Schema ${randomUUID().slice(0, 8)}`,
  tenant_id: TENANT,
  schema: { type: 'object', properties: { nick: { type: 'string' } } },
});
const pool = () => ({ name: `Pool ${randomUUID().slice(0, 8)}`, tenant_id: TENANT });
const group = () => ({ name: `Group ${randomUUID().slice(0, 8)}`, user_pool_id: POOL });

/** A body that an operation takes, by its name in the description, whichever of the APIs. */
const BODIES: Readonly<Record<string, (things: Things) => unknown>> = {
  ...CONFIGURATION_BODIES,
  createPool: pool,
  updatePool: pool,
  createWorkspacePool: pool,
  createGroup: group,
  updateGroup: group,
  createSchema: schema,
  updateSchema: schema,
  createUser: newUser,
  createB2BUser: () => ({ status: 'new', payload: person('Walk') }),
  updateUser: () => ({ payload: person('Changed') }),
  updateB2BUser: () => ({ payload: person('Changed') }),
  sendActivationMessage: ({ address }) => ({ address }),
  selfSendActivationMessage: ({ address }) => ({ address }),
  generateActivationCode: ({ address }) => ({ address }),
  requestAddressVerification: ({ address }) => ({ address }),
  completeAddressVerification: ({ address }) => ({ address, code: WRONG_CODE }),
  addUserVerifiableAddress: () => ({
    address: `${randomUUID()}@example.test`,
    type: 'email',
    verified: false,
    status: 'active',
  }),
  deleteUserVerifiableAddress: ({ address }) => ({ address }),
  updateUserVerifiableAddress: ({ address }) => ({ address, status: 'active', verified: true }),
  addUserIdentifier: () => ({ identifier: `${randomUUID()}@example.test`, type: 'email' }),
  deleteUserIdentifier: ({ identifier }) => ({ identifier }),
  setUserMetadata: () => ({ metadata: {} }),
  requestOTPChallenge: ({ address }) => ({ address }),
  verifyOTP: () => ({ code: WRONG_CODE }),
  inspectOTP: () => ({ code: WRONG_CODE }),
  verifyAuthenticationCode: ({ identifier }) => ({ code: WRONG_CODE, identifier }),
  requestResetPassword: ({ address }) => ({ address }),
  requestResetTotp: ({ address }) => ({ address }),
  requestAddWebAuthn: ({ address }) => ({ address }),
  setPasswordState: () => ({ state: 'must_be_changed' }),
  importTenantConfiguration: () => ({ pools: [], users: [] }),
  patchTenantConfiguration: () => [],
  activateSelfRegisteredUser: () => ({ code: WRONG_CODE }),
  activateSelfRegisteredUserUsingExtendedCode: () => ({ code: WRONG_CODE }),
  generateCode: () => ({ type: 'challenge' }),
  generateCodeForUser: ({ identifier }) => ({ type: 'challenge', identifier }),
  completeResetPassword: ({ identifier }) => ({ code: WRONG_CODE, new_password: NEW_PASSWORD, identifier }),
  confirmResetPassword: ({ identifier }) => ({ code: WRONG_CODE, new_password: NEW_PASSWORD, identifier }),
  resetPasswordConfirm: ({ identifier }) => ({ code: WRONG_CODE, new_password: NEW_PASSWORD, identifier }),
  completeResetTotp: ({ identifier }) => ({ code: WRONG_CODE, new_totp_secret: SECRET, identifier }),
  completeAddWebAuthn: ({ identifier }) => ({ code: WRONG_CODE, new_web_authn: {}, identifier }),
  verifyPassword: ({ identifier }) => ({ identifier, password: 'wrong' }),
  selfRegisterUser: () => ({ identifier: `${randomUUID()}@example.test`, payload: person('Walk') }),
  getUserByKey: ({ identifier }) => ({ identifier }),
  changePassword: () => ({ old_password: 'wrong', new_password: NEW_PASSWORD }),
  changeTotpSecret: () => ({ totp: WRONG_CODE, new_totp_secret: SECRET }),
  nameWebAuthnKey: () => ({ name: 'Key ring' }),
  completeWebAuthnCredentialsGeneration: () => ({
    id: 'AAAA',
    rawId: 'AAAA',
    type: 'public-key',
    response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA' },
  }),
  updateUserProfile: () => ({ payload: person('Owner') }),
  setPassword: () => ({ new_password: NEW_PASSWORD }),
  setTotpSecret: () => ({ new_totp_secret: SECRET }),
  setWebAuthn: () => ({ new_webauthn: {} }),
};

// The system API and the second version of the self API name the same things in their own way.
const ALIASES: Readonly<Record<string, string>> = {
  addVerifiableAddress: 'addUserVerifiableAddress',
  deleteVerifiableAddress: 'deleteUserVerifiableAddress',
  updateVerifiableAddress: 'updateUserVerifiableAddress',
  addIdentifier: 'addUserIdentifier',
  deleteIdentifier: 'deleteUserIdentifier',
  deprecatedChangePassword: 'changePassword',
  verifyPasswordV2: 'verifyPassword',
  changePasswordV2: 'changePassword',
  updateUserProfileV2: 'updateUserProfile',
};

function bodyName({ key }: Operation): string {
  const plain = key.slice(key.indexOf(':') + 1).replace(/^system(?=[A-Z])/, '');
  const name = plain.charAt(0).toLowerCase() + plain.slice(1);
  return ALIASES[name] ?? name;
}

/** A request for an operation about things that are there, with a body it takes. */
export function requestFor(operation: Operation, things: Things): Call {
  const body = operation.hasBody ? BODIES[bodyName(operation)] : undefined;
  if (operation.hasBody && body === undefined) throw new Error(`no body for ${operation.key}`);
  return {
    method: operation.method,
    path: pathFor(operation, things),
    ...(body === undefined ? {} : { body: body(things) }),
  };
}

/** The path with every parameter filled in. */
export function pathFor(
  operation: Operation,
  things: Partial<Things> & { readonly ipID?: string; readonly wid?: string },
): string {
  const values: Record<string, string> = {
    tid: TENANT,
    aid: WORKSPACE,
    ipID: POOL,
    wid: WORKSPACE,
    metadataType: 'admin',
    ...things,
  };
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'ghost');
}

/** The last thing the path names, which can be absent; undefined where it names none. */
export function lastThing({ path }: Operation): string | undefined {
  return [...path.matchAll(/\{(\w+)\}/g)]
    .map(([, name]) => name as string)
    .filter((name) => !['tid', 'aid', 'metadataType'].includes(name))
    .at(-1);
}
