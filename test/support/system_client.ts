import { SYSTEM_ACTOR } from './domain.ts';
import { answerOf, expectDeclared, type ApiAnswer, type ApiServer } from './api_server.ts';

/** A backend with a token of a tenant's `system` workspace. */
export type SystemClient = {
  readonly token: string;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
};

/** Makes a client of the tenant's `system` workspace with these scopes, and fetches its token. */
export async function systemClient(
  server: ApiServer,
  tenantId: string,
  scopes: readonly string[] = ['identity', 'identity_self_registration'],
): Promise<SystemClient> {
  const { id, clientSecret = '' } = await server.domain.clients.create(
    { tenantId, workspaceId: 'system' },
    { grantTypes: ['client_credentials'], scopes },
    SYSTEM_ACTOR,
  );
  const response = await fetch(`${server.url}/${tenantId}/system/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return {
    token,
    async post(path, body, headers = {}) {
      const answer = await answerOf(
        await fetch(server.url + path, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        }),
      );
      expectDeclared('POST', path, answer);
      return answer;
    },
  };
}
