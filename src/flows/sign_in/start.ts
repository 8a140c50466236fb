import type { Mechanism } from '../../pools/pool.ts';
import type { FormFields } from '../../http/form_body.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { rememberChoice, rememberedChoice } from './choice_cookie.ts';
import { askForCode, isCodeMethod } from './code.ts';
import { methodsOf } from './connections.ts';
import { submitPassword } from './password.ts';
import { showMethodOff } from './refusals.ts';
import { MAX_IDENTIFIER_LENGTH, showSignIn } from './sign_in_page.ts';
import { readStateForm, startAgain, takesPasskeys } from './state.ts';

/** Takes the first page of a sign-in: a name with its password, or a name that a code is asked for. */
export async function submitSignIn(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
): Promise<void> {
  const { form, state } = await readStateForm(deps, journey, connection);
  // A second factor is asked for again at its own address.
  if (state?.first !== undefined) return startAgain(journey, connection);
  const wished = state?.asked ?? form.get('method') ?? 'password';
  const method = methodsOf(journey.server.snapshot, connection).find((one) => one === wished);
  if (method === undefined) return showMethodOff(journey, connection);
  if (state === undefined) keepChoice(deps, journey, connection, method, form);
  const typed = state?.typed ?? (form.get('identifier') ?? '').slice(0, MAX_IDENTIFIER_LENGTH);
  if (method === 'password') {
    const password = form.get('password') ?? '';
    return submitPassword(deps, journey, connection, { typed, password, takesPasskeys: takesPasskeys(form) });
  }
  if (!isCodeMethod(method) || typed.trim() === '') {
    return showSignIn(deps, journey, connection, method, { error: 'missing' });
  }
  // Asked for again: the page knows when it was the last time.
  return askForCode(deps, journey, connection, {
    typed,
    asked: method,
    askedAt: state?.askedAt,
    takesPasskeys: state?.takesPasskeys ?? takesPasskeys(form),
  });
}

/** The choice holds from the moment it is made, whatever comes of the sign-in: it says nothing about anybody. */
function keepChoice(
  deps: FlowDeps,
  journey: Journey,
  { connectionId }: ConnectedPool,
  method: Mechanism,
  form: FormFields,
): void {
  if (form.get('remember') === 'yes') rememberChoice(deps, journey, { connectionId, method });
  else if (rememberedChoice(deps, journey)?.connectionId === connectionId) {
    rememberChoice(deps, journey, undefined);
  }
}
