import type { Operation } from './spec.ts';

/** Operations of the configuration API's description that are none of ours, and why. */
type Exclusion = {
  readonly of: { readonly tag?: string; readonly names?: readonly string[]; readonly path?: RegExp };
  readonly reason: string;
};

const EXCLUDED: readonly Exclusion[] = [
  { of: { tag: 'webhooks' }, reason: 'webhooks belong to a later issue' },
  { of: { tag: 'themes' }, reason: 'themes belong to a later issue; looks are chosen by styling' },
  { of: { tag: 'templates' }, reason: 'templates of pages belong to themes' },
  {
    of: { names: ['bindServerTheme', 'unbindServerTheme', 'getServerTheme'] },
    reason: 'themes belong to a later issue',
  },
  {
    of: { path: /\/idps\/(?!identity_pool)[a-z0-9_]+(\/|$)/ },
    reason: 'pools are the only identity providers there are',
  },
  {
    of: { names: ['getIdentityPoolIDPClient'] },
    reason: 'sign-in needs no client of its own (contract 3.1)',
  },
  { of: { tag: 'organizations' }, reason: 'organizations are out of the first version (contract 8, row 23)' },
  {
    of: { tag: 'scripts' },
    reason: 'no code of tenants runs in this server (contract 8, row 23)',
  },
  { of: { tag: 'secrets' }, reason: 'they are for scripts, and there are none' },
  { of: { tag: 'policies' }, reason: 'access is decided by groups, not by policies' },
  { of: { tag: 'gateways' }, reason: 'requests to APIs do not pass through this server' },
  { of: { tag: 'apis' }, reason: 'what an API’s gateway lets through is not decided here' },
  {
    of: { names: ['removeSpecification'], path: /\/services\/\{sid\}\/apis/ },
    reason: 'services are audiences and scopes: no description of their endpoints is read',
  },
  { of: { tag: 'system' }, reason: 'the APIs of this server are not bound to workspaces' },
  { of: { tag: 'authorizationDetails' }, reason: 'rich authorization requests (RFC 9396) are not offered' },
  { of: { tag: 'openbanking' }, reason: 'the profiles of open banking are not offered' },
  { of: { tag: 'consents' }, reason: 'consent is kept by application and scope, not by actions' },
  {
    of: { names: ['getServerConsent', 'setServerConsent'] },
    reason: 'one’s own consent page is an address of the workspace',
  },
  {
    of: { names: ['getCIBAAuthenticationService', 'setCIBAAuthenticationService'] },
    reason: 'CIBA is not in the first version (contract 4)',
  },
  {
    of: { names: ['bindServer', 'unbindServer', 'listServersBindings'] },
    reason: 'workspaces do not issue tokens for each other',
  },
  { of: { tag: 'ACRs' }, reason: 'there are no levels of assurance to configure' },
  { of: { tag: 'customApps' }, reason: 'no foreign step stands in the middle of a sign-in' },
  { of: { path: /\/saml\// }, reason: 'clients speak OpenID Connect' },
  { of: { names: ['parseCertificate'] }, reason: 'no client authenticates by certificate' },
  { of: { tag: 'vanityDomains' }, reason: 'the base address comes from the configuration alone (rule 22)' },
  { of: { tag: 'features' }, reason: 'nothing is switched on by trial' },
  { of: { tag: 'license' }, reason: 'there is nothing to license' },
  { of: { tag: 'images' }, reason: 'no search of the web for pictures' },
  {
    of: { tag: 'recentActivities' },
    reason: 'statistics belong to the console; audit events hold all of it',
  },
  {
    of: { names: ['getWorkspaceEnvironment'] },
    reason: 'the environment of the tenant holds for its workspaces',
  },
];

const covers = ({ of: { tag, names, path } }: Exclusion, operation: Operation): boolean =>
  tag === operation.tag ||
  names?.includes(operation.key.slice(operation.key.indexOf(':') + 1)) === true ||
  path?.test(operation.path) === true;

/** Whether the operation belongs to what this server speaks. */
export const isInScope = (operation: Operation): boolean =>
  operation.spec !== 'admin' || !EXCLUDED.some((exclusion) => covers(exclusion, operation));

/** Rows of the table that exclude nothing. */
export const idleExclusions = (operations: readonly Operation[]): string[] =>
  EXCLUDED.filter((exclusion) => !operations.some((operation) => covers(exclusion, operation))).map(
    ({ reason }) => reason,
  );
