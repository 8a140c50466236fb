import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { conflict, invalid, notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Sealer } from '../security/seal.ts';
import { randomToken } from '../security/tokens.ts';
import { mayAct } from '../users/account.ts';
import { findAccount } from '../users/account_store.ts';
import {
  checkedAuthTime,
  checkGranted,
  interactionName,
  type ConsentAnswer,
  type Handshake,
  type HandshakeAnswer,
  type HandshakeKind,
  type HandshakeRequest,
  type Rejection,
} from './handshake.ts';
import * as store from './handshake_store.ts';

type TenantScope = { readonly tenantId: string };
type WorkspaceScope = TenantScope & { readonly workspaceId: string };

export type HandshakeService = ReturnType<typeof createHandshakeService>;

/**
 * Pages of one's own for signing in and for consent (contract 4). A handshake has three secrets, each with one
 * holder: its id and state for the page and its backend, the interaction's cookie for the browser that began, and
 * the verifier, which the backend's answer sends to the browser that the person really uses. Only both together
 * go on: an id that somebody slips to somebody else signs nobody in (session fixation), in neither browser.
 */
export function createHandshakeService({
  db,
  sealer,
  publicUrl,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly publicUrl: string;
}) {
  /** Puts down an answer, once, and gives the address at which the person's browser goes on. */
  const settle = (
    scope: TenantScope,
    handshake: Handshake,
    names: store.HandshakeNames,
    answer: HandshakeAnswer,
    by: Actor,
  ): Promise<string> =>
    inTransaction(db, async (tx) => {
      const { tenantId, workspaceId, kind } = handshake;
      const verifier = randomToken();
      if (!(await store.answerHandshake(tx, scope, kind, names, { answer, verifier })))
        throw answeredBefore();
      await recordAudit(tx, scope, by, eventOf(handshake, answer));
      const uid = sealer.open(handshake.interactionSealed, interactionName(tenantId, workspaceId));
      return `${publicUrl}/${tenantId}/${workspaceId}/interaction/${uid}/continue/${verifier}`;
    });

  const find = async (
    scope: TenantScope,
    kind: HandshakeKind,
    names: store.HandshakeNames,
  ): Promise<Handshake> => {
    const found = await store.findHandshake(db.knex, scope, kind, names);
    // Unknown, over, another tenant's, or not with this state: the same.
    if (found === undefined) throw notFound(kind === 'login' ? 'Login' : 'Scope grant');
    return found;
  };

  const findOpen = async (
    scope: TenantScope,
    kind: HandshakeKind,
    names: store.HandshakeNames,
  ): Promise<Handshake> => {
    const found = await find(scope, kind, names);
    if (found.answered) throw answeredBefore();
    return found;
  };

  return {
    /** Begins a handshake for an interaction; gives the names that travel to the page. */
    async begin(
      scope: WorkspaceScope,
      kind: HandshakeKind,
      interaction: { readonly id: string; readonly expiresAt: Date },
      request: HandshakeRequest,
    ): Promise<store.HandshakeNames> {
      const names = { loginId: randomToken(), state: randomToken() };
      await store.putHandshake(db.knex, scope, {
        ...names,
        kind,
        interactionId: interaction.id,
        interactionSealed: sealer.seal(interaction.id, interactionName(scope.tenantId, scope.workspaceId)),
        request,
        expiresAt: interaction.expiresAt,
      });
      return names;
    },

    get: find,

    /** Somebody has signed in on the page. 422 for whoever may not act in this workspace. */
    async acceptLogin(
      scope: TenantScope,
      names: store.HandshakeNames,
      {
        subject,
        amr,
        authTime,
        mayActFor,
        by,
      }: {
        readonly subject: string;
        readonly amr: readonly string[];
        readonly authTime: Date | undefined;
        /** Whether the caller may act for this person, once it is known who that is. */
        readonly mayActFor: (poolId: string, userId: string) => Promise<boolean>;
        readonly by: Actor;
      },
    ): Promise<string> {
      const handshake = await findOpen(scope, 'login', names);
      const account = await findAccount(db.knex, scope.tenantId, subject);
      const allowed =
        mayAct(account) &&
        (await store.isConnected(db.knex, handshake, account.poolId)) &&
        (await mayActFor(account.poolId, account.userId));
      if (!allowed) throw invalid('/subject', 'is nobody who may sign in here', 'subject_unusable');
      const answer = { login: { subject, amr, authTime: checkedAuthTime(handshake, authTime) } };
      return settle(scope, handshake, names, answer, by);
    },

    /** The person lets the application have some of what it asks for, or all of it. */
    async acceptConsent(
      scope: TenantScope,
      names: store.HandshakeNames,
      consent: ConsentAnswer,
      by: Actor,
    ): Promise<string> {
      const handshake = await findOpen(scope, 'consent', names);
      checkGranted(handshake, consent);
      return settle(scope, handshake, names, { consent }, by);
    },

    /** The application gets the error instead. */
    async reject(
      scope: TenantScope,
      kind: HandshakeKind,
      names: store.HandshakeNames,
      rejected: Rejection,
      by: Actor,
    ): Promise<string> {
      return settle(scope, await findOpen(scope, kind, names), names, { rejected }, by);
    },

    /** Uses up what was answered for an interaction; undefined unless the verifier is the right one. */
    take: (
      scope: WorkspaceScope,
      kind: HandshakeKind,
      proof: { readonly interactionId: string; readonly verifier: string },
    ): Promise<HandshakeAnswer | undefined> => store.takeAnswer(db.knex, scope, kind, proof),
  };
}

const answeredBefore = () => conflict('It was answered before', 'already_answered');

function eventOf({ workspaceId, request, kind }: Handshake, answer: HandshakeAnswer) {
  const subject = 'login' as const;
  const common = { subject, workspaceId, payload: { authn_method: 'own_page', step: kind } };
  if ('login' in answer) {
    const { subject: userId, amr } = answer.login;
    const affected = { userId, clientId: request.clientId };
    return { ...common, action: 'vouched', affected, payload: { ...common.payload, amr } };
  }
  const affected = { clientId: request.clientId, ...(request.subject && { userId: request.subject }) };
  if ('consent' in answer) {
    const payload = { ...common.payload, scope: answer.consent.scopes.join(' ') };
    return { ...common, action: 'consent_vouched', affected, payload };
  }
  const payload = { ...common.payload, error: answer.rejected.error };
  return { ...common, action: 'rejected', affected, payload };
}
