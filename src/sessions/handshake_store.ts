import type { Knex } from 'knex';
import { sha256 } from '../security/tokens.ts';
import type { Handshake, HandshakeAnswer, HandshakeKind, HandshakeRequest } from './handshake.ts';

type TenantScope = { readonly tenantId: string };
type WorkspaceScope = TenantScope & { readonly workspaceId: string };

/** Both travel to the page outside; neither is of any use without a token of the tenant's system workspace. */
export type HandshakeNames = { readonly loginId: string; readonly state: string };

/** Begins a handshake for an interaction, in the place of an earlier one. */
export async function putHandshake(
  executor: Knex,
  scope: WorkspaceScope,
  {
    loginId,
    state,
    interactionId,
    ...row
  }: HandshakeNames & {
    readonly kind: HandshakeKind;
    readonly interactionId: string;
    readonly interactionSealed: string;
    readonly request: HandshakeRequest;
    readonly expiresAt: Date;
  },
): Promise<void> {
  await executor.raw(
    `INSERT INTO page_handshakes (tenant_id, workspace_id, id_hash, state_hash, interaction_hash, kind,
                                  interaction_sealed, request, expires_at)
     VALUES (:tenantId, :workspaceId, :idHash, :stateHash, :interactionHash, :kind, :sealed, :request, :expiresAt)
     ON CONFLICT (tenant_id, workspace_id, interaction_hash) DO UPDATE
        SET id_hash = excluded.id_hash, state_hash = excluded.state_hash, request = excluded.request,
            interaction_sealed = excluded.interaction_sealed,
            answer = NULL, answered_at = NULL, verifier_hash = NULL`,
    {
      ...scope,
      idHash: sha256(loginId),
      stateHash: sha256(state),
      interactionHash: sha256(interactionId),
      kind: row.kind,
      sealed: row.interactionSealed,
      request: JSON.stringify(row.request),
      expiresAt: row.expiresAt,
    },
  );
}

// Alive as long as the interaction is: not over, not ended with somebody's access, not expired.
const ALIVE = `h.expires_at > now() AND EXISTS (
  SELECT FROM flow_state f WHERE f.tenant_id = h.tenant_id AND f.workspace_id = h.workspace_id
     AND f.model = 'Interaction' AND f.id_hash = h.interaction_hash
     AND f.consumed_at IS NULL AND f.expires_at > now())`;
const NAMED =
  'h.tenant_id = :tenantId AND h.id_hash = :idHash AND h.state_hash = :stateHash AND h.kind = :kind';

const named = ({ tenantId }: TenantScope, kind: HandshakeKind, { loginId, state }: HandshakeNames) => ({
  tenantId,
  kind,
  idHash: sha256(loginId),
  stateHash: sha256(state),
});

/** A handshake of a living interaction, by both of its names. */
export async function findHandshake(
  executor: Knex,
  scope: TenantScope,
  kind: HandshakeKind,
  names: HandshakeNames,
): Promise<Handshake | undefined> {
  const { rows } = await executor.raw<{ rows: Handshake[] }>(
    `SELECT h.tenant_id AS "tenantId", h.workspace_id AS "workspaceId", h.kind, h.request,
            h.interaction_sealed AS "interactionSealed", h.answered_at IS NOT NULL AS answered,
            h.created_at AS "createdAt", h.expires_at AS "expiresAt"
       FROM page_handshakes h WHERE ${NAMED} AND ${ALIVE}`,
    named(scope, kind, names),
  );
  return rows[0];
}

/** Answers a handshake: true for exactly one of any number of callers (rule 1). */
export async function answerHandshake(
  tx: Knex.Transaction,
  scope: TenantScope,
  kind: HandshakeKind,
  names: HandshakeNames,
  { answer, verifier }: { readonly answer: HandshakeAnswer; readonly verifier: string },
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `UPDATE page_handshakes h SET answer = :answer, verifier_hash = :verifierHash, answered_at = now()
      WHERE ${NAMED} AND h.answered_at IS NULL AND ${ALIVE}`,
    { ...named(scope, kind, names), answer: JSON.stringify(answer), verifierHash: sha256(verifier) },
  );
  return rowCount === 1;
}

/** Uses an answer up: for exactly one caller who brings the verifier to the interaction it was given for. */
export async function takeAnswer(
  executor: Knex,
  scope: WorkspaceScope,
  kind: HandshakeKind,
  { interactionId, verifier }: { readonly interactionId: string; readonly verifier: string },
): Promise<HandshakeAnswer | undefined> {
  const { rows } = await executor.raw<{ rows: { answer: HandshakeAnswer }[] }>(
    `DELETE FROM page_handshakes h
      WHERE h.tenant_id = :tenantId AND h.workspace_id = :workspaceId AND h.interaction_hash = :interactionHash
        AND h.kind = :kind AND h.verifier_hash = :verifierHash AND h.expires_at > now()
  RETURNING h.answer`,
    {
      ...scope,
      kind,
      interactionHash: sha256(interactionId),
      verifierHash: sha256(verifier),
    },
  );
  return rows[0]?.answer;
}

/** Whether people of a pool may be in a workspace: by a connection that is not disabled. */
export async function isConnected(executor: Knex, scope: WorkspaceScope, poolId: string): Promise<boolean> {
  const { rows } = await executor.raw<{ rows: unknown[] }>(
    `SELECT 1 FROM connections c WHERE c.tenant_id = :tenantId AND c.workspace_id = :workspaceId
        AND c.pool_id = :poolId AND NOT c.disabled`,
    { ...scope, poolId },
  );
  return rows.length > 0;
}
