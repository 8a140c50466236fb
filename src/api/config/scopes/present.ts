import { builtInId } from '../../../access/built_in_scopes.ts';
import type { ShownScope } from '../../../access/scope_service.ts';
import { isMessageKey, translate } from '../../../i18n/translate.ts';
import type { Answer } from '../../route.ts';
import { presentRequiredGroups } from '../required_groups.ts';
import { presentServiceSummary } from '../services/present.ts';

const NOT_OFFERED = { implicit: false, implicit_grant: false, transient: false };

export function presentScope(shown: ShownScope): object {
  if ('builtIn' in shown) return presentBuiltIn(shown.builtIn);
  const { scope, api } = shown;
  return {
    id: scope.id,
    tenant_id: scope.tenantId,
    authorization_server_id: scope.workspaceId,
    name: scope.name,
    display_name: scope.displayName,
    description: scope.description,
    translations: Object.fromEntries(
      Object.entries(scope.translations).map(([language, said]) => [
        language,
        { display_name: said.displayName, description: said.description },
      ]),
    ),
    ...NOT_OFFERED,
    metadata: scope.metadata,
    required_groups: presentRequiredGroups(scope.requiredGroups),
    system: false,
    with_service: api !== undefined,
    ...(api === undefined ? {} : { service_id: api.id, service: presentServiceSummary(api) }),
  };
}

function presentBuiltIn(scope: { tenantId: string; workspaceId: string; name: string }): object {
  const key = `scope.${scope.name}`;
  return {
    id: builtInId(scope.workspaceId, scope.name),
    tenant_id: scope.tenantId,
    authorization_server_id: scope.workspaceId,
    name: scope.name,
    display_name: isMessageKey(key) ? translate('en', key) : scope.name,
    description: '',
    translations: {},
    ...NOT_OFFERED,
    metadata: {},
    required_groups: [],
    system: true,
    with_service: false,
  };
}

export const answerScope = (shown: ShownScope): Answer => ({
  body: presentScope(shown),
  ...('scope' in shown ? { version: shown.scope.rowVersion } : {}),
});
