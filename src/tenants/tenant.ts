import type { TenantStyling } from '../branding/tenant_styling.ts';
import { refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { type LanguageChoices, offeredLanguages } from '../i18n/offered_languages.ts';

/** What is decided for everything in a tenant; a part that is absent is as Weir has it. */
export type TenantChoices = {
  readonly security?: { readonly codes_without_token?: boolean | undefined } | undefined;
  readonly translations?: LanguageChoices | undefined;
};

/** What its administrators decide about a tenant, `settings` and `styling` stored as the contract has them (1.1). */
export type TenantSettings = {
  readonly name: string;
  readonly settings: TenantChoices;
  readonly styling: TenantStyling;
  readonly metadata: FreeMap;
};

export type Tenant = TenantSettings & {
  readonly id: string;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** The workspaces that every tenant has: administrators sign in at one, backend services at the other. */
export const ADMIN_WORKSPACE = 'admin';
export const SYSTEM_WORKSPACE = 'system';

/** Where in a tenant's settings it says that codes may be used without a token. Off unless it says true. */
export const CODES_WITHOUT_TOKEN = ['security', 'codes_without_token'] as const;

export function checkTenantSettings({ settings, metadata }: TenantSettings): void {
  refuseAny([...languageIssues(settings.translations), ...freeMapIssues('/metadata', metadata)]);
}

/** What nobody could be answered in. */
function languageIssues({
  default_locale,
  disabled_translations: disabled = [],
}: LanguageChoices = {}): Issue[] {
  const [first] = offeredLanguages({ default_locale }).locales;
  if (!disabled.includes(first)) return [];
  return [
    { pointer: '/settings/translations/default_locale', message: 'must not be among disabled_translations' },
    {
      pointer: '/settings/translations/disabled_translations',
      message: `must not hold the default, ${first}`,
    },
  ];
}

/** The choices with what holds where there is none. */
export function effectiveChoices({ security, translations }: TenantChoices) {
  const { locales } = offeredLanguages({ default_locale: translations?.default_locale });
  return {
    security: { codes_without_token: security?.codes_without_token ?? false },
    translations: {
      enabled: translations?.enabled ?? true,
      selector_enabled: translations?.selector_enabled ?? true,
      default_locale: locales[0],
      disabled_translations: translations?.disabled_translations ?? [],
    },
  };
}
