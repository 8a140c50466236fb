import type { NewPasswordPart } from '../../http/code_pages.ts';
import { renderPage } from '../../http/render.ts';
import { mayAct } from '../../users/account.ts';
import type { SignInCandidate } from '../../users/account_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { type CodeFrame, visitor } from '../codes/frame.ts';
import { passwordPart, readNewPassword, refusedPart } from '../codes/new_password.ts';
import { answeringRefusals, isInvalid, isRefused } from '../codes/refusals.ts';
import { formFields, readStepForm, type Step } from '../codes/sealed_step.ts';
import type { FlowDeps } from '../deps.ts';
import { noWayIn } from '../failures/no_way_in.ts';
import type { Journey } from '../journey.ts';
import { countGuess, findCandidate } from './candidate.ts';
import type { Proof } from './factors.ts';
import { passPassword } from './first_factor.ts';
import { allowsPassword } from './connections.ts';
import { frameIn } from './recover.ts';

// Whoever takes longer types the old password again.
const GOOD_FOR_MS = 10 * 60_000;

/** The password was right and must be changed, or has expired: asks for the new one, in the same sign-in. */
export async function demandNewPassword(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { typed, candidate, second }: { typed: string; candidate: SignInCandidate; second?: Proof },
): Promise<void> {
  const frame = await frameIn(deps, journey, connection);
  const { account, password } =
    (await spent(deps, journey, connection, frame, typed, candidate)) ?? candidate;
  const { userId, updatedAt: version } = account;
  const demanded = { userId, since: password?.since ?? '', at: Date.now(), version, second };
  await ask(deps, journey, connection, frame, { typed, demanded });
}

/**
 * A password that must be changed is accepted once (contract 5.3): whoever leaves the form now has to ask for a
 * message. One that has expired can be shown again. Gives the person as they are after it.
 */
async function spent(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  frame: CodeFrame,
  typed: string,
  { account: { userId }, password }: SignInCandidate,
): Promise<SignInCandidate | undefined> {
  if (password?.state !== 'must_be_changed') return undefined;
  const { scope } = frame;
  const by = { ...visitor(frame), userId, poolId: scope.poolId };
  await deps.domain.passwords.spend({ ...scope, userId }, password.since, by);
  return findCandidate(deps, journey, connection, typed);
}

/**
 * Takes the new password and goes on to the application. Nobody comes here without having shown the old one in this
 * sign-in, and only as long as that is still the password (rule 29).
 */
export async function submitDemandedPassword(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  if (!allowsPassword(journey.server.snapshot, connection)) return noWayIn(journey);
  const frame = await frameIn(deps, journey, connection);
  await answeringRefusals(frame, async () => {
    const { form, step } = await readStepForm(deps, frame);
    const candidate = await proven(deps, journey, connection, step);
    if (candidate === undefined) return startAgain(journey, connection);
    const rules = rulesOf(frame);
    const given = readNewPassword(form);
    if ('error' in given)
      return ask(deps, journey, connection, frame, step, { ...rules, error: given.error });
    try {
      await replace(deps, journey, frame, candidate, given.password);
    } catch (error) {
      if (isRefused(error)) return startAgain(journey, connection);
      if (!isInvalid(error)) throw error;
      const part = refusedPart(rules, error.issues ?? []);
      return ask(deps, journey, connection, frame, step, part);
    }
    const outcome = await countGuess(deps, journey, connection, step.typed ?? '', candidate);
    if (!outcome.allowed) return startAgain(journey, connection);
    const { counted } = outcome;
    const { password } = given;
    const proof = {
      typed: step.typed ?? '',
      counted,
      password,
      rehash: false,
      second: step.demanded?.second,
    };
    return passPassword(deps, journey, connection, candidate, proof);
  });
}

/** The person who has shown the old password, as they are now. */
async function proven(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { typed, demanded }: Step,
): Promise<SignInCandidate | undefined> {
  if (demanded === undefined || demanded.at + GOOD_FOR_MS < Date.now()) return undefined;
  const candidate = await findCandidate(deps, journey, connection, typed ?? '');
  const isSame =
    candidate?.account.userId === demanded.userId &&
    candidate.account.updatedAt === demanded.version &&
    candidate.password?.since === demanded.since;
  return isSame && mayAct(candidate.account) ? candidate : undefined;
}

async function replace(
  { domain }: FlowDeps,
  { interaction }: Journey,
  frame: CodeFrame,
  { account, password }: SignInCandidate,
  newPassword: string,
): Promise<void> {
  const { workspaceId, scope, ctx } = frame;
  const { userId } = account;
  const by = { ...visitor(frame), userId, poolId: scope.poolId };
  // Their own session here stays, and this sign-in with it; all others end (rule 27).
  const own = interaction.session?.accountId === userId ? interaction.session.uid : undefined;
  const keep = workspaceId === undefined ? undefined : { workspaceId, sessionUid: own };
  const changer = { by, source: ctx.ip, keep };
  await domain.passwords.replaceDemanded({ ...scope, userId }, newPassword, password?.since ?? '', changer);
}

function ask(
  deps: FlowDeps,
  { ctx, app, path }: Journey,
  { connectionId }: ConnectedPool,
  frame: CodeFrame,
  step: Step,
  password: NewPasswordPart = rulesOf(frame),
): Promise<void> {
  return renderPage(ctx, 'new_password', {
    ...formFields(deps, frame, step),
    app,
    purpose: 'must_change',
    action: path('new-password', connectionId),
    ...(step.typed === undefined ? {} : { signInName: step.typed }),
    password,
  });
}

const rulesOf = ({ pool, path }: CodeFrame): NewPasswordPart =>
  passwordPart(pool.passwordPolicy, path('check-password'));

function startAgain({ ctx, path }: Journey, { connectionId }: ConnectedPool): void {
  ctx.status = 303;
  ctx.redirect(path('sign-in', connectionId));
}
