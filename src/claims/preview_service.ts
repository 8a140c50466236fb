import { withheldScopes } from '../access/access_rules.ts';
import { isAdmitted } from '../access/required_groups.ts';
import { listScopes } from '../access/scope_store.ts';
import type { Database } from '../db/connection.ts';
import { findClient } from '../clients/client_store.ts';
import { invalid, notFound, refuseAny } from '../domain_error.ts';
import { mayAct, type Account } from '../users/account.ts';
import { findAccount } from '../users/account_store.ts';
import type { WorkspaceScope } from '../workspaces/config_change.ts';
import { findWorkspace } from '../workspaces/workspace_store.ts';
import { aboutIssue, aboutPerson } from './built_in.ts';
import type { Document } from './path.ts';
import { findClaimRules } from './rules_store.ts';
import { OIDC_SCOPES, SELF_SCOPES } from './standard.ts';
import { contextFor, told, type ClaimRules, type Destination, type Occasion, type Told } from './told.ts';

export type PreviewInput = {
  readonly clientId: string;
  readonly poolId: string;
  readonly userId: string;
  /** What the client is granted. */
  readonly scopes: readonly string[];
  /** How the person is taken to have signed in. */
  readonly amr: readonly string[];
};

/** What is said at each place besides what belongs to one issuance: by the server of everybody, and by rules. */
export type ClaimsPreview = Readonly<
  Record<Destination, { readonly builtIn: Document; readonly told: readonly Told[] }>
>;

const OF_THE_ISSUER: ReadonlySet<string> = new Set([...OIDC_SCOPES, ...SELF_SCOPES]);

/** What tokens would say of somebody, by the function that makes tokens. Throws `DomainError`. */
export function createClaimsPreview({ db }: { db: Database }) {
  return {
    async preview(scope: WorkspaceScope, input: PreviewInput): Promise<ClaimsPreview> {
      const { tenantId, workspaceId } = scope;
      const { clientId, poolId, userId, amr } = input;
      if ((await findWorkspace(db.knex, scope)) === undefined) throw notFound('Workspace');
      const client = await findClient(db.knex, { tenantId, clientId });
      if (client?.workspaceId !== workspaceId || client.clientStatus !== 'active') {
        throw invalid('/client_id', 'there is no such active client in this workspace');
      }
      refuseScopes(input.scopes, client.scopes);
      const rules = await findClaimRules(db.knex, { tenantId, workspaceId, poolId });
      if (rules === undefined) throw invalid('/user_pool_id', 'is not connected to this workspace');
      const account = await findAccount(db.knex, tenantId, userId, { wide: true });
      if (account?.poolId !== poolId) throw invalid('/user_id', 'there is no such person in the pool');
      if (!mayAct(account)) throw invalid('/user_id', 'only somebody active gets tokens');
      if (!isAdmitted(client.requiredGroups, account)) {
        throw invalid('/user_id', 'is in none of the groups that the client requires');
      }
      const withheld = withheldScopes({ scopes: await listScopes(db.knex, scope) }, account);
      // The `sub` of a pairwise client is the token endpoint's to make.
      const isPairwise = client.settings.subject_type === 'pairwise';
      return previewOf(scope, rules, isPairwise ? undefined : account.userId, account, {
        context: contextFor(rules, account, amr),
        scopes: new Set(input.scopes.filter((name) => !withheld.has(name))),
      });
    },
  };
}

function previewOf(
  scope: WorkspaceScope,
  rules: ClaimRules & { readonly connectionId: string },
  sub: string | undefined,
  account: Account,
  occasion: Occasion,
): ClaimsPreview {
  const subject = sub === undefined ? {} : { sub };
  const { scopes } = occasion;
  // A token that userinfo takes is for no API, and carries none of the scopes of one.
  const ofTheIssuer = new Set([...scopes].filter((name) => OF_THE_ISSUER.has(name)));
  const person = {
    builtIn: { ...subject, ...aboutPerson(scope, rules.connectionId, account, scopes) },
    told: told(rules, 'id_token', occasion),
  };
  const asked = { ...person, told: told(rules, 'userinfo', { ...occasion, scopes: ofTheIssuer }) };
  const builtIn = { ...subject, ...aboutIssue(scope, 'user') };
  // Without `openid` there is neither an ID token nor userinfo (OIDC Core §3.1.2.1).
  const isOidc = scopes.has('openid');
  return {
    id_token: isOidc ? person : NOTHING,
    userinfo: isOidc ? asked : NOTHING,
    access_token: { builtIn, told: told(rules, 'access_token', occasion) },
    introspection: { builtIn, told: told(rules, 'introspection', occasion) },
  };
}

const NOTHING = { builtIn: {}, told: [] };

/** A client without scopes may ask for those of OpenID Connect, as at the authorization endpoint. */
function refuseScopes(asked: readonly string[], registered: readonly string[]): void {
  const allowed = new Set<string>(registered.length > 0 ? [...registered, 'openid'] : OIDC_SCOPES);
  refuseAny(
    asked.flatMap((scope, index) =>
      allowed.has(scope)
        ? []
        : [{ pointer: `/scopes/${index}`, message: 'is not among the scopes of the client' }],
    ),
  );
}
