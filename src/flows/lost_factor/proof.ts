import { renderPage } from '../../http/render.ts';
import type { AccountToRecover } from '../../users/journeys/hosted_factor_service.ts';
import { appOf, type CodeFrame } from '../codes/frame.ts';
import { readLink } from '../codes/link.ts';
import { askForMessage, digitsOf } from '../codes/messages.ts';
import { isRefused } from '../codes/refusals.ts';
import { formFields, readStepForm, type Step } from '../codes/sealed_step.ts';
import type { FlowDeps } from '../deps.ts';
import { type Lost, presented, showOnlyAdministrators } from './lost.ts';
import { askForFactor } from './new_factor.ts';

/** What the link of a message leads to: a button; nothing of the account before it is pressed. */
export async function showFactorLink(deps: FlowDeps, frame: CodeFrame, lost: Lost): Promise<void> {
  const link = await readLink(deps, frame, lost.type);
  if (link === 'dead') return;
  if (link === 'none') return askForMessage(deps, frame, lost.type);
  await renderPage(frame.ctx, 'follow_link', {
    ...formFields(deps, frame, { code: link.code }),
    ...appOf(frame),
    purpose: lost.type,
    action: frame.path(lost.pages.link),
  });
}

/** The button was pressed: asks for what the person still has, or goes on where they have nothing else. */
export async function submitFactorLink(deps: FlowDeps, frame: CodeFrame, lost: Lost): Promise<void> {
  const { step } = await readStepForm(deps, frame);
  const account = await deps.domain.hostedFactors.lookAt(frame.scope, lost.type, presented(frame, step));
  await goOn(deps, frame, lost, step, account);
}

/** Takes the password, and the code of the app where one is asked for. */
export async function submitFactorProof(deps: FlowDeps, frame: CodeFrame, lost: Lost): Promise<void> {
  const { form, step } = await readStepForm(deps, frame);
  const { hostedFactors } = deps.domain;
  const code = presented(frame, step);
  const account = await hostedFactors.lookAt(frame.scope, lost.type, code);
  if (account.isRefused) return showOnlyAdministrators(frame);
  const given = { password: form.get('password') ?? '', totp: digitsOf(form.get('code') ?? '') };
  try {
    await hostedFactors.prove(frame.scope, account, given, code);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return askForProof(deps, frame, lost, step, account, true);
  }
  await confirm(deps, frame, lost, step, account);
}

/** From a right code: to what is asked for besides, or to the new factor. */
export async function goOn(
  deps: FlowDeps,
  frame: CodeFrame,
  lost: Lost,
  step: Step,
  account: AccountToRecover,
): Promise<void> {
  if (account.isRefused) return showOnlyAdministrators(frame);
  if (account.asksPassword || account.asksTotp) return askForProof(deps, frame, lost, step, account, false);
  await confirm(deps, frame, lost, step, account);
}

const confirm = (
  deps: FlowDeps,
  frame: CodeFrame,
  lost: Lost,
  { code, typed }: Step,
  account: AccountToRecover,
): Promise<void> => {
  const confirmed = { userId: account.userId, at: Date.now() };
  return askForFactor(deps, frame, lost, { code, typed, confirmed }, account);
};

const askForProof = (
  deps: FlowDeps,
  frame: CodeFrame,
  { pages }: Lost,
  { code, typed }: Step,
  { asksPassword, asksTotp }: AccountToRecover,
  hasFailed: boolean,
): Promise<void> =>
  renderPage(frame.ctx, 'factor_proof', {
    ...formFields(deps, frame, { code, typed }),
    ...appOf(frame),
    action: frame.path(pages.proof),
    asksPassword,
    asksTotp,
    hasFailed,
  });
