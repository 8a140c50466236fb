import type { Context } from 'koa';
import { HttpError } from '../http/errors.ts';
import type { WorkspaceServer } from '../oidc/workspace_server.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';
import { showConsent, submitConsent } from './consent/index.ts';
import type { FlowDeps } from './deps.ts';
import { isOver, showExpired } from './failures/index.ts';
import { type Journey, loadJourney } from './journey.ts';
import { choosePool, showPoolChooser } from './sign_in/choose_pool.ts';
import { findConnection } from './sign_in/connections.ts';
import { beginSignIn } from './sign_in/index.ts';
import { showPasswordForm, submitPassword } from './sign_in/password.ts';

type Step = (deps: FlowDeps, journey: Journey, parameter: string) => Promise<void>;

/**
 * The hosted journeys below `{issuer}/interaction/{uid}`, as a table: which prompt of the policy a step belongs
 * to, its address, and what it shows and takes. A person who is elsewhere in the journey is led to where they
 * are.
 */
const STEPS: readonly { prompt: string; name: string; show: Step; submit?: Step }[] = [
  { prompt: 'login', name: '', show: beginSignIn },
  { prompt: 'login', name: 'pool', show: showPoolChooser, submit: choosePool },
  {
    prompt: 'login',
    name: 'sign-in',
    show: withConnection(showPasswordForm),
    submit: withConnection(submitPassword),
  },
  { prompt: 'consent', name: '', show: showConsent },
  { prompt: 'consent', name: 'consent', show: showConsent, submit: submitConsent },
];

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
  step: (
    deps: FlowDeps,
    journey: Journey,
    connection: NonNullable<ReturnType<typeof findConnection>>,
  ) => Promise<void>,
): Step {
  return async (deps, journey, connectionId) => {
    const connection = findConnection(journey.server.snapshot, connectionId);
    // Disconnected meanwhile, or never there: begin again with what there is.
    return connection ? step(deps, journey, connection) : beginSignIn(deps, journey);
  };
}
