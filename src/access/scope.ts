import { refuseAny, type Issue } from '../domain_error.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { isOnEveryObject, isOpaqueId, OPAQUE_ID_RULE } from '../tenants/slug.ts';
import { isBuiltIn, looksBuiltIn } from './built_in_scopes.ts';
import { type RequiredGroup, requiredGroupIssues } from './required_groups.ts';

export type ScopeKey = { readonly tenantId: string; readonly scopeId: string };

/** What a person reads before they allow a scope. */
export type ScopeText = { readonly displayName: string; readonly description: string };

/** What an administrator decides about a scope. */
export type ScopeSettings = ScopeText & {
  readonly name: string;
  /** By language tag. */
  readonly translations: Readonly<Record<string, ScopeText>>;
  /** The API that the scope is for. Null: it goes with any token. */
  readonly apiId: string | null;
  readonly requiredGroups: readonly RequiredGroup[];
  readonly metadata: FreeMap;
};

export type Scope = ScopeSettings & {
  readonly tenantId: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** Shown whole, and read with the workspace: more than these nobody keeps apart. */
export const MAX_SCOPES = 500;

// RFC 6749 §3.3.
const NAME = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
// RFC 5646, as far as languages of pages go.
const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}$/;
const MAX_LANGUAGES = 50;

/** Refuses what could not be a scope; names every reason. */
export function checkScope(scope: ScopeSettings & { readonly id?: string | undefined }): void {
  refuseAny([
    ...idIssues(scope.id),
    ...nameIssues(scope.name),
    ...languageIssues(Object.keys(scope.translations)),
    ...requiredGroupIssues(scope.requiredGroups),
    ...freeMapIssues('/metadata', scope.metadata),
  ]);
}

function idIssues(id: string | undefined): Issue[] {
  if (id === undefined) return [];
  if (!isOpaqueId(id)) return [{ pointer: '/id', message: OPAQUE_ID_RULE }];
  return looksBuiltIn(id)
    ? [{ pointer: '/id', message: 'must not begin like that of a built-in scope' }]
    : [];
}

function nameIssues(name: string): Issue[] {
  const pointer = '/name';
  if (!NAME.test(name) || isOnEveryObject(name)) {
    return [
      { pointer, message: 'must be a name without spaces, quotes and backslashes, and no reserved word' },
    ];
  }
  if (name.includes('*')) {
    return [{ pointer, message: 'must not have a wildcard: every scope is named in full' }];
  }
  return isBuiltIn(name) ? [{ pointer, message: `${name} is built in: its meaning cannot be changed` }] : [];
}

function languageIssues(languages: readonly string[]): Issue[] {
  const pointer = '/translations';
  if (languages.length > MAX_LANGUAGES) {
    return [{ pointer, message: `must not have more than ${MAX_LANGUAGES} languages` }];
  }
  return languages
    .filter((language) => !LANGUAGE.test(language))
    .map(() => ({ pointer, message: 'must be by language, such as de or pt-BR' }));
}
