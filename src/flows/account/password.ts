import { isCodeOf } from './refusals.ts';
import type { NewPasswordPart } from '../../http/code_pages.ts';
import type { Profile } from '../../users/profile_service.ts';
import { rateTyped } from '../codes/check_password.ts';
import { passwordPart, readNewPassword, refusedPart } from '../codes/new_password.ts';
import { isInvalid } from '../codes/refusals.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { profileOf, readOwnForm, showPage, type Visit } from './visit.ts';

const hasPassword = ({ user }: Profile): boolean => user.credentials.some(({ type }) => type === 'password');

export async function showPassword(deps: FlowDeps, visit: Visit): Promise<void> {
  const profile = await profileOf(deps, visit);
  await ask(deps, visit, profile, rulesOf(visit, profile));
}

/** Changes the password of whoever knows the old one, or sets the first; other sessions end, and the owner is told. */
export async function changePassword(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const { domain } = deps;
  const { scope, by, keep, ctx } = visit;
  const profile = await profileOf(deps, visit);
  const rules = rulesOf(visit, profile);
  const given = readNewPassword(form);
  if ('error' in given) return ask(deps, visit, profile, { ...rules, error: given.error });
  const changer = { by, keep, source: ctx.ip };
  try {
    if (hasPassword(profile)) {
      const change = { oldPassword: form.get('old_password') ?? '', newPassword: given.password };
      await domain.passwords.change(scope, change, 'identity_self_change_password', changer);
    } else {
      await domain.passwords.setFirst(scope, given.password, changer);
    }
  } catch (error) {
    if (isCodeOf(error, 'password_incorrect')) return ask(deps, visit, profile, rules, 'old');
    if (!isInvalid(error)) throw error;
    return ask(deps, visit, profile, refusedPart(rules, error.issues ?? []));
  }
  leadOn(visit, '', 'password_changed');
}

/** Tells the script of the form how a password that is being typed does. */
export async function checkNewPassword(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const { user, pool } = await profileOf(deps, visit);
  const typed = user.identifiers[0]?.identifier ?? '';
  await rateTyped({ ctx: visit.ctx, pool }, { typed, password: form.get('new_password') ?? '' });
}

const rulesOf = ({ path }: Visit, { pool }: Profile): NewPasswordPart =>
  passwordPart(pool.passwordPolicy, path('check-password'));

async function ask(
  deps: FlowDeps,
  visit: Visit,
  profile: Profile,
  password: NewPasswordPart,
  error?: 'old',
): Promise<void> {
  await showPage(deps, visit, 'account_password', {
    hasPassword: hasPassword(profile),
    signInName: profile.user.identifiers[0]?.identifier ?? '',
    password,
    ...(error === undefined ? {} : { error }),
  });
}
