import type { Issue } from '../../domain_error.ts';
import type { AskedField } from '../../http/code_pages.ts';
import type { FormFields } from '../../http/form_body.ts';
import { asText, documentFrom, formFields, optionName, type FormField } from '../../schemas/form_fields.ts';
import type { Profile } from '../../users/profile_service.ts';
import { askedFields, fieldName } from '../activate/account_form.ts';
import { isInvalid } from '../codes/refusals.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { ownScope, profileOf, readOwnForm, showPage, type Visit } from './visit.ts';

/** The form that the pool's schema makes of a person's data, filled in. */
export async function showProfile(deps: FlowDeps, visit: Visit): Promise<void> {
  await ask(deps, visit, await profileOf(deps, visit));
}

/** Takes the form. What it does not ask for stays as it was: hidden data, and what has no field. */
export async function saveProfile(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const profile = await profileOf(deps, visit);
  const fields = formFields(profile.payloadSchema ?? {});
  const asked = new Set(fields.map(({ name }) => name));
  const kept = Object.entries(profile.user.payload).filter(([name]) => !asked.has(name));
  const given = Object.entries(documentFrom(fields, (name) => form.get(fieldName(name))));
  const payload = Object.fromEntries([...kept, ...given]);
  try {
    // Whatever was changed between reading and writing is not overwritten unseen.
    const seen = new Set([profile.user.rowVersion]);
    await deps.domain.profiles.update(ownScope(visit), payload, visit.by, seen);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    return ask(deps, visit, profile, { form, issues: error.issues ?? [] });
  }
  leadOn(visit, '', 'profile_saved');
}

async function ask(
  deps: FlowDeps,
  visit: Visit,
  { user, payloadSchema = {} }: Profile,
  wrong?: { readonly form: FormFields; readonly issues: readonly Issue[] },
): Promise<void> {
  const fields = formFields(payloadSchema);
  const filled = wrong?.form ?? asForm(fields, user.payload);
  const asked = askedFields(fields, filled, wrong?.issues).map((field) =>
    // Nobody is told of what they have not touched.
    wrong === undefined ? withoutError(field) : field,
  );
  const isElsewhere = wrong !== undefined && asked.every(({ error }) => error === undefined);
  const { description } = payloadSchema;
  await showPage(deps, visit, 'account_profile', {
    ...(typeof description === 'string' && description !== '' ? { formTitle: description } : {}),
    fields: asked,
    ...(isElsewhere ? { error: 'data' as const } : {}),
  });
}

function withoutError({ error: _error, ...field }: AskedField): AskedField {
  return field;
}

/** What is stored, as a form of it would have been sent. */
function asForm(fields: readonly FormField[], payload: Readonly<Record<string, unknown>>): FormFields {
  const filled = new Map<string, string>();
  for (const { name, kind, options } of fields) {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (value === undefined || value === null) continue;
    if (kind === 'checkbox') {
      if (value === true) filled.set(fieldName(name), 'on');
    } else if (kind === 'choices' && Array.isArray(value)) {
      for (const [index, option] of options.entries()) {
        if (value.includes(option)) filled.set(fieldName(optionName(name, index)), 'on');
      }
    } else {
      filled.set(fieldName(name), (Array.isArray(value) ? value : [value]).map(asText).join('\n'));
    }
  }
  return filled;
}
