import type { Operation } from './spec.ts';

type Rule = { readonly of: (operation: Operation, status: number) => boolean; readonly reason: string };

const isGet = ({ method }: Operation) => method === 'get';
const isDelete = ({ method }: Operation) => method === 'delete';

const named = (...names: readonly string[]) => {
  const set: ReadonlySet<string> = new Set(names);
  return ({ key }: Operation) => set.has(key.slice(key.indexOf(':') + 1));
};
const isConfiguration = ({ spec }: Operation) => spec === 'admin';
const namesTheTenantAlone = named(
  'listBruteForceLimits',
  'setBruteForceLimit',
  'listAuthorizationServers',
  'createAuthorizationServer',
  'listWorkspaces',
  'listUserWorkspaces',
  'getAdminTenant',
  'updateAdminTenant',
  'checkTenantPermissions',
  'listTenantRoles',
  'createMFAMethod',
);
const isSelf = ({ spec }: Operation) => spec === 'identityself';
const changesMembership = named('addUserToGroup', 'removeUserFromGroup');
const changesAKey = named(
  'beginWebAuthnCredentialsGeneration',
  'completeWebAuthnCredentialsGeneration',
  'deleteWebAuthnKey',
  'nameWebAuthnKey',
  'setWebAuthn',
);
const provesAndChanges = named(
  'activateSelfRegisteredUser',
  'activateSelfRegisteredUserUsingExtendedCode',
  'completeResetTotp',
  'completeAddWebAuthn',
  'completeResetPassword',
  'confirmResetPassword',
);
const sendsOrProves = (operation: Operation) =>
  /\/(otp|code|activation|activate|register|reset|reset-password|add|verification|address-verification|authentication-code)(\/|$)/.test(
    operation.path,
  ) &&
  !/\/(addresses|identifiers)\//.test(operation.path) &&
  !provesAndChanges(operation) &&
  operation.key !== 'identitysystem:completeAddressVerification';

/** Documented statuses that are never answered, and why [OURS]. */
const UNUSED: readonly Rule[] = [
  {
    of: (operation, status) => status === 412 && isGet(operation),
    reason: 'reads come straight from the database: there is no version to ask for, and If-Match is ignored',
  },
  {
    of: (operation, status) => status === 412 && sendsOrProves(operation),
    reason: 'a message that is sent or a code that is proven is based on no version of anything',
  },
  {
    of: (operation, status) => status === 412 && changesAKey(operation),
    reason: 'keys have no versions: each is added, named or removed by itself',
  },
  {
    of: (operation, status) => status === 412 && named('systemCreateUser')(operation),
    reason: 'what is created has no version yet',
  },
  {
    of: (operation, status) => status === 404 && namesTheTenantAlone(operation),
    reason: 'the tenant is the only thing the path names, and it has issued the token',
  },
  {
    of: (operation, status) => status === 404 && named('grantTenantRole')(operation),
    reason: 'who is not there is named as the field that is wrong: 422',
  },
  {
    of: (operation, status) => status === 409 && named('setBruteForceLimit')(operation),
    reason: 'there is one limit of each kind, which is set as often as one likes',
  },
  {
    of: (operation, status) =>
      status === 422 && (isGet(operation) || !operation.hasBody) && !named('deleteIDP')(operation),
    reason: 'there are no fields; a parameter that cannot be read is 400',
  },
  {
    of: (operation, status) => status === 409 && changesMembership(operation),
    reason: 'membership is idempotent: adding twice is as good as once',
  },
  {
    of: (operation, status) =>
      status === 409 &&
      named(
        'updateUser',
        'updateB2BUser',
        'systemUpdateUser',
        'updateUserProfile',
        'updateUserProfileV2',
      )(operation),
    reason: 'nothing unique is changed there: names have operations of their own',
  },
  {
    of: (operation, status) => status === 404 && isSelf(operation) && !operation.path.includes('ID}'),
    reason: 'a person who is not there has no valid token: 401',
  },
  {
    of: (operation, status) =>
      status === 403 && isSelf(operation) && !/\/v2\/|\/public\//.test(operation.path),
    reason:
      'the first version takes any token that an application of the house holds; one that is no person’s is 401',
  },
  {
    of: (operation, status) =>
      status === 404 &&
      /^(system)?(create(Pool|Schema)|(export|import|patch)TenantConfiguration)$/i.test(
        operation.key.slice(operation.key.indexOf(':') + 1),
      ),
    reason: 'the tenant is the only thing the path names, and it has issued the token',
  },
  {
    of: (operation, status) =>
      status === 404 &&
      named(
        'activateSelfRegisteredUser',
        'selfSendActivationMessage',
        'completeAddressVerification',
        'requestAddressVerification',
      )(operation) &&
      operation.spec !== 'identity',
    reason:
      'whether somebody is there is not told: unknown people are answered like wrong codes, or with 204',
  },
  {
    of: (operation, status) =>
      status === 409 && operation.spec === 'identitysystem' && named('requestAddressVerification')(operation),
    reason: 'whose address it is is not told: 204, and no message',
  },
];

/** Statuses that are answered though the description does not list them, and why [OURS]. */
const BEYOND: readonly Rule[] = [
  {
    of: (_, status) => status === 412,
    reason: 'If-Match is honoured wherever something changes (contract, section 0)',
  },
  {
    of: (_, status) => status === 429,
    reason: 'every caller has a rate, and every guess is counted (contract, notes to 2.2)',
  },
  {
    of: (_, status) => status === 403,
    reason: 'a token without the role or scope is refused in the same way everywhere',
  },
  {
    of: (operation, status) => status === 400 && operation.hasBody,
    reason: 'a body that is no JSON cannot be understood, whatever the operation',
  },
  {
    of: (operation, status) => status === 400 && isGet(operation) && operation.queries.length > 0,
    reason: 'a parameter that cannot be read is named instead of ignored',
  },
  {
    of: (operation, status) => status === 404 && operation.path.includes('{ipID}'),
    reason: 'a pool that is not there, or is another tenant’s, is absent for every operation (rule 9)',
  },
  {
    of: (operation, status) => status === 409 && isConfiguration(operation) && operation.hasBody,
    reason: 'what is taken is a conflict wherever it is chosen, when a thing is made and when it is changed',
  },
  {
    of: (operation, status) =>
      status === 409 && named('rotateKey', 'rotateClientSecret', 'revokeKey')(operation),
    reason: 'a key signs only when clients can know it, and who has no secret has none to change',
  },
  {
    of: (operation, status) => status === 422 && operation.hasBody,
    reason: 'a field of the wrong kind is named instead of ignored',
  },
  {
    of: (operation, status) =>
      status === 409 &&
      (isDelete(operation) || named('setPasswordState', 'systemSetPasswordState')(operation)),
    reason: 'what keeps others in is not removed silently: a connected pool, the last administrator',
  },
];

/** Bodies that are not as the description has them, and why [OURS]. */
const BODIES: readonly {
  readonly of: (operation: Operation) => boolean;
  readonly problem: RegExp;
  readonly reason: string;
}[] = [
  {
    of: named('listMFAMethods', 'createMFAMethod', 'getMFAMethod', 'updateMFAMethod'),
    problem: /^(data(\/mfa_methods\/\d+)?\/auth\/email must have required property 'password'(, )?)+$/,
    reason:
      'a password that was stored is never answered, not even masked: it would be stored when sent back',
  },
  {
    of: named('listTenantRoles'),
    problem: /^(data\/subjects\/\d+\/type must be equal to one of the allowed values(, )?)+$/,
    reason: 'clients of the admin workspace hold roles too: whoever looks for authority must see theirs',
  },
];

/** Parameters that are refused with 400 though the description lists them, and why [OURS]. */
const PARAMETERS: Readonly<Record<string, string>> = {
  'admin:createClient application_purpose':
    'it is described by nothing but its name: what decides nothing is refused instead of swallowed',
};

const reasonOf = (rules: readonly Rule[], operation: Operation, status: number): string | undefined =>
  rules.find((rule) => rule.of(operation, status))?.reason;

export const NEVER_ANSWERED = {
  reasonFor: (operation: Operation, status: number): string | undefined =>
    reasonOf(UNUSED, operation, status),
};

export const reasonBeyond = (operation: Operation, status: number): string | undefined =>
  reasonOf(BEYOND, operation, status);

export const reasonOfBody = (operation: Operation, problem: string): string | undefined =>
  BODIES.find((row) => row.of(operation) && row.problem.test(problem))?.reason;

/** Whether a parameter, such as `admin:listClients limit`, is refused for a reason. */
export const isRefusedParameter = (parameter: string): boolean => Object.hasOwn(PARAMETERS, parameter);
