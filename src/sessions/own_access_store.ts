import type { Knex } from 'knex';

type PersonScope = { readonly tenantId: string; readonly userId: string };

/** A browser that somebody is signed in with. */
export type OwnSession = {
  readonly workspaceId: string;
  readonly workspaceName: string;
  readonly uid: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
};

/** The same, as one issuer knows it. */
export type IssuerSession = Omit<OwnSession, 'workspaceId' | 'workspaceName'> & {
  /** When the person last proved who they are in it. */
  readonly authenticatedAt: Date | undefined;
};

/** An application that somebody has let in, and that could use it now. */
export type OwnApplication = {
  readonly workspaceId: string;
  readonly workspaceName: string;
  readonly clientId: string;
  readonly name: string;
  readonly since: Date;
};

// More than anybody has; bounds what one page shows.
const MOST = 100;

/** The live sessions of a person in all workspaces, the one that was used last first. */
export async function listOwnSessions(executor: Knex, scope: PersonScope): Promise<OwnSession[]> {
  const { rows } = await executor.raw<{ rows: OwnSession[] }>(
    `SELECT s.workspace_id AS "workspaceId", w.name AS "workspaceName", s.uid, s.ip,
            s.user_agent AS "userAgent", s.created_at AS "createdAt", s.last_seen_at AS "lastSeenAt"
       FROM sessions s JOIN workspaces w ON w.tenant_id = s.tenant_id AND w.workspace_id = s.workspace_id
      WHERE s.tenant_id = :tenantId AND s.account_id = :userId AND s.expires_at > now()
      ORDER BY s.last_seen_at DESC, s.uid LIMIT ${MOST}`,
    { ...scope },
  );
  return rows;
}

/** The live sessions of a person at one issuer, the one that was used last first. */
export async function listSessionsOfIssuer(
  executor: Knex,
  scope: PersonScope & { readonly workspaceId: string },
): Promise<IssuerSession[]> {
  type Row = Omit<IssuerSession, 'authenticatedAt'> & { payload: string };
  const { rows } = await executor.raw<{ rows: Row[] }>(
    `SELECT s.uid, s.ip, s.user_agent AS "userAgent", s.created_at AS "createdAt",
            s.last_seen_at AS "lastSeenAt", s.payload
       FROM sessions s
      WHERE s.tenant_id = :tenantId AND s.workspace_id = :workspaceId AND s.account_id = :userId
        AND s.expires_at > now()
      ORDER BY s.last_seen_at DESC, s.uid LIMIT ${MOST}`,
    { ...scope },
  );
  return rows.map(({ payload, ...row }) => ({ ...row, authenticatedAt: loginIn(payload) }));
}

/** The applications that hold a grant of a person, by name. The account page itself is none: it is no client row. */
export async function listOwnApplications(executor: Knex, scope: PersonScope): Promise<OwnApplication[]> {
  const { rows } = await executor.raw<{ rows: OwnApplication[] }>(
    `SELECT g.workspace_id AS "workspaceId", w.name AS "workspaceName", g.client_id AS "clientId",
            c.client_name AS name, min(g.created_at) AS since
       FROM grants g
       JOIN clients c ON c.tenant_id = g.tenant_id AND c.workspace_id = g.workspace_id AND c.client_id = g.client_id
       JOIN workspaces w ON w.tenant_id = g.tenant_id AND w.workspace_id = g.workspace_id
      WHERE g.tenant_id = :tenantId AND g.account_id = :userId AND g.revoked_at IS NULL AND g.expires_at > now()
      GROUP BY g.workspace_id, w.name, g.client_id, c.client_name
      ORDER BY c.client_name, g.client_id LIMIT ${MOST}`,
    { ...scope },
  );
  return rows;
}

/** What was granted in a session of a person, or undefined where they have no such session. Holds it until the end. */
export async function lockSession(
  tx: Knex.Transaction,
  scope: PersonScope & { readonly workspaceId: string },
  uid: string,
): Promise<string[] | undefined> {
  const { rows } = await tx.raw<{ rows: { payload: string }[] }>(
    `SELECT payload FROM sessions WHERE tenant_id = :tenantId AND workspace_id = :workspaceId
        AND account_id = :userId AND uid = :uid FOR UPDATE`,
    { ...scope, uid },
  );
  return rows[0] && grantsIn(rows[0].payload);
}

type Authorization = { readonly grantId?: string; readonly persistsLogout?: boolean };

// What was meant for the person's absence (`offline_access`) outlives a sign-out, as it does on the way out of an application.
function grantsIn(payload: string): string[] {
  const { authorizations = {} } = JSON.parse(payload) as { authorizations?: Record<string, Authorization> };
  return Object.values(authorizations).flatMap(({ grantId, persistsLogout }) =>
    grantId === undefined || persistsLogout === true ? [] : [grantId],
  );
}

function loginIn(payload: string): Date | undefined {
  const { loginTs } = JSON.parse(payload) as { loginTs?: number };
  return loginTs === undefined ? undefined : new Date(loginTs * 1000);
}
