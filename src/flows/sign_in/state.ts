import { forbidden } from '../../http/errors.ts';
import { type FormFields, readForm } from '../../http/form_body.ts';
import type { Mechanism } from '../../pools/pool.ts';
import { SealError } from '../../security/seal.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import type { Proof, Proven } from './factors.ts';

/** Who has proven a first factor in this sign-in, and with what. It opens nothing but the steps after it (rule 26). */
export type FirstFactor = {
  readonly userId: string;
  readonly method: Mechanism;
  readonly isVerifiedPasskey?: boolean | undefined;
  /** When, in milliseconds. */
  readonly at: number;
  /** The state of the person's row then: whatever changed them since, a new password above all, ends this. */
  readonly version: number;
  /** The password was right and has to be replaced before it opens anything. */
  readonly mustChange?: boolean | undefined;
  /** The browser said, with its form, that it can make passkeys. */
  readonly takesPasskeys?: boolean | undefined;
};

/** What came before a step of a sign-in; it travels sealed in the page. */
export type SignInState = {
  /** The name that was typed; '' where a passkey said who it is. */
  readonly typed: string;
  /** What is asked for now. */
  readonly asked: Proof;
  /** When a message was asked for, in milliseconds. */
  readonly askedAt?: number | undefined;
  readonly takesPasskeys?: boolean | undefined;
  readonly first?: FirstFactor | undefined;
  /** The second factor, where only what is shown afterwards is left. */
  readonly second?: Proof | undefined;
  /** Everything that was asked for, where a passkey is offered before going on. */
  readonly proven?: Proven | undefined;
  /** The secret of an authenticator app that is being set up. */
  readonly secret?: string | undefined;
};

const MAX_SEALED_LENGTH = 4096;

// It opens in this sign-in, by this connection, and nowhere else.
const place = ({ server, interaction }: Journey, { connectionId }: ConnectedPool): string => {
  const { tenantId, workspaceId } = server.snapshot;
  return `sign_in:${tenantId}/${workspaceId}/${interaction.uid}/${connectionId}`;
};

/** The hidden fields of a form: nobody but the server can read or make the state. */
export function stateFields(
  { csrf, sealer }: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  state: SignInState,
): { csrfToken: string; step: string } {
  return {
    csrfToken: csrf.formToken(journey.ctx, journey.interaction.uid),
    step: sealer.seal(JSON.stringify(state), place(journey, connection)),
  };
}

/** Reads a form that this browser got from this sign-in, and the state in it; 403 for any other (S-SES-07). */
export async function readStateForm(
  { csrf, sealer }: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<{ form: FormFields; state: SignInState | undefined }> {
  const form = await readForm(journey.ctx);
  if (!csrf.fits(journey.ctx, journey.interaction.uid, form.get('csrf'))) throw notOurs();
  const sealed = form.get('step');
  if (sealed === undefined) return { form, state: undefined };
  if (sealed.length > MAX_SEALED_LENGTH) throw notOurs();
  try {
    return { form, state: JSON.parse(sealer.open(sealed, place(journey, connection))) as SignInState };
  } catch (error) {
    if (error instanceof SealError) throw notOurs();
    throw error;
  }
}

const notOurs = () =>
  forbidden('This form is not from this browser. Go back, reload the page and send it again.', {
    code: 'form_not_ours',
  });

/** Whether the browser can make passkeys: said by the script of a page where the pool takes them. */
export const takesPasskeys = (form: FormFields): boolean => form.get('takes_passkeys') === 'yes';

/** Sends the person back to where this sign-in begins; nothing of it is lost but what they have typed. */
export function startAgain({ ctx, path }: Journey, { connectionId }: ConnectedPool): void {
  ctx.status = 303;
  ctx.redirect(path('sign-in', connectionId));
}
