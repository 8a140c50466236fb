import { chooseLocale, languagesOf, localeOf } from '../../http/locale.ts';
import { nameOfLocale, pickLocale } from '../../i18n/locales.ts';
import { isObject } from '../../schemas/json_schema.ts';
import type { Profile } from '../../users/profile_service.ts';
import { isInvalid } from '../codes/refusals.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { ownScope, profileOf, readOwnForm, showPage, type Visit } from './visit.ts';

/** The claim that messages are written by (OpenID Connect Core §5.1), where the pool's schema has it. */
const CLAIM = 'locale';

export async function showLanguage(deps: FlowDeps, visit: Visit): Promise<void> {
  const profile = await profileOf(deps, visit);
  const { locales } = languagesOf(visit.ctx);
  const chosen = storedLocale(profile, locales) ?? localeOf(visit.ctx);
  await showPage(deps, visit, 'account_language', {
    languages: locales.map((locale) => ({
      locale,
      name: nameOfLocale(locale),
      isChosen: locale === chosen,
    })),
    holdsForMessages: hasClaim(profile),
  });
}

/** Keeps the choice: in this browser for its pages, and with the account for its messages. */
export async function saveLanguage(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const locale = pickLocale(form.get('language') ?? '', languagesOf(visit.ctx).locales);
  if (locale === undefined) return leadOn(visit, 'language');
  const profile = await profileOf(deps, visit);
  if (hasClaim(profile)) {
    const { payload, rowVersion } = profile.user;
    const changed = { ...payload, [CLAIM]: locale };
    try {
      await deps.domain.profiles.update(ownScope(visit), changed, visit.by, new Set([rowVersion]));
    } catch (error) {
      // The schema allows other languages than ours, or asks for what the profile lacks: the browser keeps it.
      if (!isInvalid(error)) throw error;
    }
  }
  chooseLocale(visit.ctx, locale);
  leadOn(visit, '', 'language_saved');
}

function hasClaim({ payloadSchema }: Profile): boolean {
  const properties = payloadSchema?.properties;
  const property = isObject(properties) && Object.hasOwn(properties, CLAIM) ? properties[CLAIM] : undefined;
  return isObject(property) && property.hidden !== true;
}

function storedLocale({ user }: Profile, offered: readonly string[]): string | undefined {
  const stored = Object.hasOwn(user.payload, CLAIM) ? user.payload[CLAIM] : undefined;
  return typeof stored === 'string' ? pickLocale(stored, offered) : undefined;
}
