import type { Context } from 'koa';
import { HttpError } from '../http/errors.ts';
import type { WorkspaceServer } from '../oidc/workspace_server.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';
import type { ConnectedPool } from '../workspaces/snapshot.ts';
import { RECOVERY_STEPS, REGISTRATION_STEPS } from './code_steps.ts';
import { showConsent, submitConsent } from './consent/index.ts';
import type { FlowDeps } from './deps.ts';
import { isOver, showExpired } from './failures/index.ts';
import { type Journey, loadJourney } from './journey.ts';
import { showLookOf } from './look.ts';
import { leaveWithoutAccess, showNoAccess } from './no_access/index.ts';
import { continueWithAnswer, leaveForOwnPage, ownPageOf } from './own_page/index.ts';
import { chooseAccount, showAccounts } from './select_account/index.ts';
import { recoverIn } from './sign_in/recover.ts';
import { registerIn } from './sign_in/register.ts';
import { submitCode } from './sign_in/code.ts';
import { leaveRecoveryCodes, submitEnrolment } from './sign_in/enrol.ts';
import { beginSignIn, choosePool, showChoice } from './sign_in/index.ts';
import { connectionAt, isMatched } from './sign_in/matched.ts';
import { submitDemandedPassword } from './sign_in/must_change.ts';
import { submitPasskey } from './sign_in/passkey.ts';
import { submitPasskeyOffer } from './sign_in/passkey_offer.ts';
import { givePasskeyOptions } from './sign_in/passkey_options.ts';
import { submitSecondFactor } from './sign_in/second_factor.ts';
import { beginWith } from './sign_in/sign_in_page.ts';
import { submitSignIn } from './sign_in/start.ts';

type Step = (deps: FlowDeps, journey: Journey, parameter: string) => Promise<void>;

/**
 * The hosted journeys below `{issuer}/interaction/{uid}`, as a table: which prompt of the policy a step belongs
 * to, its address, and what it shows and takes. A person who is elsewhere in the journey is led to where they
 * are.
 */
const STEPS: readonly { prompt: string; name: string; show: Step; submit?: Step }[] = [
  { prompt: 'login', name: '', show: beginSignIn },
  { prompt: 'login', name: 'pool', show: showChoice, submit: choosePool },
  {
    prompt: 'login',
    name: 'sign-in',
    show: withConnection(beginWith),
    submit: withConnection(submitSignIn),
  },
  // Reached by forms only, from the step before: opened by itself, each leads to where the sign-in begins.
  { prompt: 'login', name: 'code', show: withConnection(beginWith), submit: withConnection(submitCode) },
  {
    prompt: 'login',
    name: 'passkey',
    show: withConnection(beginWith),
    submit: withConnection(submitPasskey),
  },
  {
    prompt: 'login',
    name: 'passkey-options',
    show: beginSignIn,
    submit: withConnection(givePasskeyOptions),
  },
  {
    prompt: 'login',
    name: 'passkey-offer',
    show: withConnection(beginWith),
    submit: withConnection(submitPasskeyOffer),
  },
  {
    prompt: 'login',
    name: 'second-factor',
    show: withConnection(beginWith),
    submit: withConnection(submitSecondFactor),
  },
  {
    prompt: 'login',
    name: 'enrol',
    show: withConnection(beginWith),
    submit: withConnection(submitEnrolment),
  },
  {
    prompt: 'login',
    name: 'recovery-codes',
    show: withConnection(beginWith),
    submit: withConnection(leaveRecoveryCodes),
  },
  {
    prompt: 'login',
    name: 'new-password',
    show: beginSignIn,
    submit: withConnection(submitDemandedPassword),
  },
  ...REGISTRATION_STEPS.map((name) => {
    const step = withConnection((deps, journey, connection) => registerIn(deps, journey, connection, name));
    return { prompt: 'login', name, show: step, submit: step };
  }),
  ...RECOVERY_STEPS.map((name) => {
    const step = withConnection((deps, journey, connection) => recoverIn(deps, journey, connection, name));
    return { prompt: 'login', name, show: step, submit: step };
  }),
  { prompt: 'select_account', name: '', show: showAccounts },
  { prompt: 'select_account', name: 'account', show: showAccounts, submit: chooseAccount },
  { prompt: 'access', name: '', show: showNoAccess },
  { prompt: 'access', name: 'no-access', show: showNoAccess, submit: leaveWithoutAccess },
  { prompt: 'login', name: 'continue', show: continueWithAnswer },
  { prompt: 'consent', name: 'continue', show: continueWithAnswer },
  { prompt: 'consent', name: '', show: showConsent },
  { prompt: 'consent', name: 'consent', show: showConsent, submit: submitConsent },
];

/** What a page of one's own does in the place of ours. */
const OWN_PAGE_STEPS: ReadonlySet<string> = new Set([
  '',
  'pool',
  'sign-in',
  'code',
  'passkey',
  'passkey-options',
  'consent',
]);

const STEP_NAMES: ReadonlySet<string> = new Set(STEPS.map((step) => step.name));

/** Answers a request below `{issuer}/interaction/`; `segments` are its parts: uid, step, parameter. */
export async function runJourney(
  deps: FlowDeps,
  ctx: Context,
  server: WorkspaceServer,
  segments: readonly string[],
): Promise<void> {
  const [uid = '', name = '', parameter = '', ...rest] = segments;
  if (rest.length > 0 || !STEP_NAMES.has(name)) throw new HttpError(404, 'There is nothing here');
  if (!['GET', 'HEAD', 'POST'].includes(ctx.method)) throw new HttpError(405, 'Use GET or POST');
  try {
    const journey = await loadJourney(ctx, server, uid);
    const prompt = journey.interaction.prompt.name;
    const ownPage = OWN_PAGE_STEPS.has(name) ? ownPageOf(journey) : undefined;
    if (ownPage !== undefined) return await leaveForOwnPage(deps, journey, ownPage);
    const step = STEPS.find((candidate) => candidate.name === name && candidate.prompt === prompt);
    const act = ctx.method === 'POST' ? step?.submit : step?.show;
    if (act) return await act(deps, journey, parameter);
    ctx.status = 303;
    ctx.redirect(journey.path());
  } catch (error) {
    if (!isOver(error)) throw error;
    await showExpired(ctx, server, currentUnit(), uid);
  }
}

function withConnection(
  step: (deps: FlowDeps, journey: Journey, connection: ConnectedPool) => Promise<void>,
): Step {
  return async (deps, journey, connectionId) => {
    const connection = connectionAt(deps, journey, connectionId);
    // Disconnected meanwhile, or never there: begin again with what there is.
    if (!connection) return beginSignIn(deps, journey);
    if (!isMatched(connection)) showLookOf(journey, connection);
    return step(deps, journey, connection);
  };
}
