import { forbidden } from '../../http/errors.ts';
import { type FormFields, readForm } from '../../http/form_body.ts';
import type { Mechanism } from '../../pools/pool.ts';
import { SealError } from '../../security/seal.ts';
import type { FlowDeps } from '../deps.ts';
import type { CodeFrame } from './frame.ts';

/** What came before in a journey; every step proves the code in it again (rule 29). */
export type Step = {
  readonly code?: string | undefined;
  /** The name or address that somebody typed. */
  readonly typed?: string | undefined;
  /** When a message was asked for, in milliseconds. */
  readonly askedAt?: number | undefined;
  /** The account that this browser has registered; one that leads nowhere where the name was taken. */
  readonly registered?: string | undefined;
  /** Who registers has chosen to sign in with a passkey. */
  readonly wantsPasskey?: boolean | undefined;
  /** Who has proven what is asked for besides a code that replaces a factor, and when. */
  readonly confirmed?: { readonly userId: string; readonly at: number } | undefined;
  /** The secret of an authenticator app that is being set up. */
  readonly secret?: string | undefined;
  /** Who has shown a password that must be changed: which one, and when. Opens nothing but its replacement. */
  readonly demanded?:
    | {
        readonly userId: string;
        readonly since: string;
        readonly at: number;
        /** The state of the person's row then: an administrator who has decided anew meanwhile is not overruled. */
        readonly version: number;
        /** The second factor that was proven beside it, where one was due. */
        readonly second?: Mechanism | 'recovery_code' | undefined;
      }
    | undefined;
};

type Place = Pick<CodeFrame, 'ctx' | 'scope' | 'flow'>;

const MAX_SEALED_LENGTH = 4096;

// It opens in this pool and in the browser's journey that got it, and nowhere else.
const place = ({ scope, flow }: Place): string => `hosted_step:${scope.tenantId}/${scope.poolId}/${flow}`;

/** The hidden fields of a form: nobody but the server can read or make the step. */
export function formFields(
  { csrf, sealer }: FlowDeps,
  frame: Place,
  step?: Step,
): { csrfToken: string; step?: string } {
  return {
    csrfToken: csrf.formToken(frame.ctx, frame.flow),
    ...(step === undefined ? {} : { step: sealer.seal(JSON.stringify(step), place(frame)) }),
  };
}

/** Reads a form that this browser got from this journey, and the step in it; 403 for any other (S-SES-07). */
export async function readStepForm(
  { csrf, sealer }: FlowDeps,
  frame: Place,
): Promise<{ form: FormFields; step: Step }> {
  const form = await readForm(frame.ctx);
  if (!csrf.fits(frame.ctx, frame.flow, form.get('csrf'))) throw notOurs();
  const sealed = form.get('step');
  if (sealed === undefined) return { form, step: {} };
  if (sealed.length > MAX_SEALED_LENGTH) throw notOurs();
  try {
    return { form, step: JSON.parse(sealer.open(sealed, place(frame))) as Step };
  } catch (error) {
    if (error instanceof SealError) throw notOurs();
    throw error;
  }
}

const notOurs = () =>
  forbidden('This form is not from this browser. Go back, reload the page and send it again.', {
    code: 'form_not_ours',
  });
