import type { CodeFrame } from '../codes/frame.ts';
import { askForCode, askForMessage, readTypedCode, sendMessage } from '../codes/messages.ts';
import { isRefused } from '../codes/refusals.ts';
import type { FlowDeps } from '../deps.ts';
import { type Lost, presented, showOnlyAdministrators } from './lost.ts';
import { goOn } from './proof.ts';

const isClosed = ({ pool }: CodeFrame): boolean =>
  pool.resetCredentialsSettings.doNotAllowUsersToSelfResetCredentials;

/** Asks who it is. */
export async function showLost(deps: FlowDeps, frame: CodeFrame, { type }: Lost): Promise<void> {
  if (isClosed(frame)) return showOnlyAdministrators(frame);
  await askForMessage(deps, frame, type);
}

/** Takes the name, and says the same to everybody. */
export async function submitLost(deps: FlowDeps, frame: CodeFrame, { type }: Lost): Promise<void> {
  if (isClosed(frame)) return showOnlyAdministrators(frame);
  await sendMessage(deps, frame, type);
}

export const showLostCode = (deps: FlowDeps, frame: CodeFrame, { type }: Lost): Promise<void> =>
  askForCode(deps, frame, type, {});

/** Takes the code of a message. It is looked at and stays good for the factor that follows. */
export async function submitLostCode(deps: FlowDeps, frame: CodeFrame, lost: Lost): Promise<void> {
  const given = await readTypedCode(deps, frame, lost.type);
  if (given === undefined) return;
  const { code, typed, step } = given;
  try {
    const account = await deps.domain.hostedFactors.lookAt(
      frame.scope,
      lost.type,
      presented(frame, { code, typed }),
    );
    await goOn(deps, frame, lost, { code, typed }, account);
  } catch (error) {
    if (!isRefused(error)) throw error;
    await askForCode(deps, frame, lost.type, step, { identifier: typed, error: 'refused' });
  }
}
