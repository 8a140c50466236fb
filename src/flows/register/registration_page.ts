import type { Issue } from '../../domain_error.ts';
import type { NewPasswordPart } from '../../http/code_pages.ts';
import type { FormFields } from '../../http/form_body.ts';
import type { RegisterModel } from '../../http/register_pages.ts';
import { renderPage, setPage } from '../../http/render.ts';
import type { Mechanism } from '../../pools/pool.ts';
import type { RegistrationForm } from '../../users/journeys/hosted_registration_service.ts';
import { askedFields } from '../activate/account_form.ts';
import { chosenCredential, credentialsFor } from '../codes/credential_choice.ts';
import { appOf, type CodeFrame } from '../codes/frame.ts';
import { passwordPart, refusedPart } from '../codes/new_password.ts';
import { formFields } from '../codes/sealed_step.ts';
import type { FlowDeps } from '../deps.ts';

/** What is wrong with a form that was sent. */
export type Wrong = {
  readonly form?: FormFields | undefined;
  readonly issues?: readonly Issue[];
  readonly password?: 'missing' | 'differs' | undefined;
};

/** Shows the form: made from the schema of the pool, with what was filled in and all that is wrong with it. */
export async function showForm(
  deps: FlowDeps,
  frame: CodeFrame,
  { title, fields }: RegistrationForm,
  { form, issues = [], password }: Wrong = {},
): Promise<void> {
  const credentials = credentialsFor(frame.mechanisms);
  const credential = chosenCredential(form, credentials) ?? 'password';
  const asked = askedFields(fields, form, issues);
  const identifierError = identifierErrorIn(form, issues);
  const isElsewhere =
    issues.some(({ pointer }) => pointer.startsWith('/payload')) && asked.every(({ error }) => !error);
  const signInHref = await frame.findSignIn(frame.clientId);
  // Another language is this page in it.
  setPage(frame.ctx, { selfHref: frame.path('register') });
  await renderPage(frame.ctx, 'register', {
    ...formFields(deps, frame),
    ...appOf(frame),
    action: frame.path('register'),
    ...(title === undefined ? {} : { formTitle: title }),
    ...(frame.crumb === undefined ? {} : { crumb: frame.crumb }),
    identifier: form?.get('identifier') ?? '',
    identifierKind: identifierKind(frame.mechanisms),
    ...(identifierError === undefined ? {} : { identifierError }),
    fields: asked,
    credentials,
    credential,
    ...(credentials.includes('password')
      ? { password: partFor(frame, { isOptional: credentials.length > 1, password, issues }) }
      : {}),
    ...(isElsewhere ? { error: 'data' as const } : {}),
    ...(signInHref === undefined ? {} : { signInHref }),
  });
}

function partFor(
  { pool, path }: CodeFrame,
  {
    isOptional,
    password,
    issues,
  }: { isOptional: boolean; password: Wrong['password']; issues: readonly Issue[] },
): NewPasswordPart {
  const part = { ...passwordPart(pool.passwordPolicy, path('check-password')), isOptional };
  const ofPassword = issues.filter(({ pointer }) => pointer === '/password');
  if (password !== undefined) return { ...part, error: password };
  return ofPassword.length === 0 ? part : refusedPart(part, ofPassword);
}

function identifierErrorIn(
  form: FormFields | undefined,
  issues: readonly Issue[],
): RegisterModel['identifierError'] {
  if (form === undefined) return undefined;
  if ((form.get('identifier') ?? '').trim() === '') return 'missing';
  const issue = issues.find(({ pointer }) => pointer === '/identifier');
  if (issue === undefined) return undefined;
  return issue.rule === 'no_codes' ? 'no_codes' : 'refused';
}

/** Where people only sign in with codes, the address has to be one that gets them. */
function identifierKind(mechanisms: readonly Mechanism[]): RegisterModel['identifierKind'] {
  if (mechanisms.includes('password') || mechanisms.includes('webauthn')) return 'any';
  const [mail, mobile] = [mechanisms.includes('email_otp'), mechanisms.includes('sms_otp')];
  return mail === mobile ? 'any' : mail ? 'email' : 'mobile';
}
