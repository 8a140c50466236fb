import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiRoutes } from '../../src/api/index.ts';
import { describeApi } from '../../src/api/openapi.ts';
import { answerOf, type ApiAnswer, type ApiClient } from '../support/api_server.ts';
import { person } from '../support/domain.ts';
import { PASSWORD, startSelfServer, type SelfServer } from '../support/self_api.ts';

const A = '/api/identity/acme/admin';
const Y = '/api/identity/acme/system/pools/customers';

let server: SelfServer;
let admin: ApiClient;
let codes: ApiClient;
let system: ApiClient;
beforeAll(async () => {
  server = await startSelfServer();
  admin = server.api('acme');
  system = server.backend;
  codes = await server.system('acme', 'identity_self_registration');
  const open = { settings: { security: { codes_without_token: true } } };
  expect((await server.api('default').put('/api/system/tenants/acme', open)).status).toBe(200);
  const pool = {
    name: 'Customers',
    public_registration_allowed: true,
    password_policy: { not_used_since: 1 },
  };
  expect((await admin.put(`${A}/pools/customers`, pool)).status).toBe(200);
});
afterAll(() => server.stop());

/** A way to give somebody this password. `name` is nobody's yet, and part of what they are called. */
type Path = (name: string, password: string) => Promise<ApiAnswer>;

const newcomer = (name: string, password: string) => ({
  status: 'active',
  payload: person(name),
  identifiers: [{ type: 'email', identifier: `${name}@example.test` }],
  credentials: [{ type: 'password', password }],
});

const generate = async (type: string, name: string, status = 'active') => {
  const { id } = await server.addPerson(name, { status });
  if (status === 'new') await server.db.knex('credentials').where({ user_id: id }).del();
  const { body } = await codes.post(`${Y}/users/${id}/code/generate`, { type });
  return { id, ...(body as { code: string; extended_code: string }) };
};
const change =
  (name: string, as: (id: string) => Promise<[ApiClient, string]>) => async (password: string) => {
    const { id } = await server.addPerson(name);
    const [caller, path] = await as(id);
    return caller.post(path, { old_password: PASSWORD, new_password: password });
  };
const signedIn = (name: string) => server.signIn(`${name.toLowerCase()}@example.test`);

const PATHS: Readonly<Record<string, Path>> = {
  CreateUser: (name, password) => admin.post(`${A}/pools/customers/users`, newcomer(name, password)),
  CreateB2BUser: (name, password) => admin.post(`${A}/b2b/pools/customers/users`, newcomer(name, password)),
  SystemCreateUser: (name, password) => system.post(`${Y}/users`, newcomer(name, password)),
  SelfRegisterUser: (name, password) =>
    system.post(`${Y}/user/register`, {
      identifier: `${name}@example.test`,
      payload: person(name),
      password,
    }),
  ActivateSelfRegisteredUser: async (name, password) => {
    const { id, code } = await generate('activation', name, 'new');
    return system.post(`${Y}/users/${id}/activate`, { code, password });
  },
  ActivateSelfRegisteredUserUsingExtendedCode: async (name, password) => {
    const { extended_code: code } = await generate('activation', name, 'new');
    return system.post(`${Y}/user/activate`, { code, password });
  },
  CompleteResetPassword: async (name, password) => {
    const { id, code } = await generate('reset_password', name);
    return system.post(`${Y}/user/password/reset/complete`, { code, userID: id, new_password: password });
  },
  ConfirmResetPassword: async (name, password) => {
    const { extended_code: code } = await generate('reset_password', name);
    return system.post(`${Y}/user/password/reset/confirm`, { code, new_password: password });
  },
  ResetPasswordConfirm: async (name, password) => {
    const { extended_code: code } = await generate('reset_password', name);
    const path = `${server.url}${server.base}/public/pools/customers/reset-password/confirm`;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ code, new_password: password });
    return answerOf(await fetch(path, { method: 'POST', headers, body }));
  },
  SystemChangePassword: (name, password) =>
    change(name, (id) => Promise.resolve([system, `${Y}/users/${id}/change-password`]))(password),
  SystemDeprecatedChangePassword: (name, password) =>
    change(name, (id) => Promise.resolve([system, `${Y}/users/${id}/change_password`]))(password),
  ChangePassword: (name, password) =>
    change(name, async () => [await signedIn(name), `${server.base}/self/change-password`])(password),
  ChangePasswordV2: (name, password) =>
    change(name, async () => [await signedIn(name), `${server.base}/v2/self/change-password`])(password),
  SetPassword: async (name, password) => {
    const { id } = await server.addPerson(name);
    const caller = await signedIn(name);
    await server.db.knex('credentials').where({ user_id: id }).del();
    return caller.post(`${server.base}/v2/self/set-password`, { new_password: password });
  },
};

// What only compares a password, and what brings in a hash.
const SET_NONE = ['VerifyPassword', 'VerifyPasswordV2', 'ImportTenantConfiguration'];

/** The operations on people whose body has a password somewhere in it. */
function operationsWithPasswords(): string[] {
  type Schemas = Readonly<Record<string, object>>;
  const { paths, components } = describeApi(apiRoutes, 'http://localhost') as unknown as {
    paths: Record<string, Record<string, { operationId: string; requestBody?: object }>>;
    components: { schemas: Schemas };
  };
  const within = (text: string, seen: ReadonlySet<string> = new Set()): string =>
    text.replaceAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g, (_, name: string) =>
      seen.has(name) ? '' : within(JSON.stringify(components.schemas[name]), new Set([...seen, name])),
    );
  return Object.entries(paths)
    .filter(([path]) => path.includes('/identity/'))
    .flatMap(([, methods]) => Object.values(methods))
    .filter(({ requestBody }) => /"(?:new_)?password":\{/.test(within(JSON.stringify(requestBody) ?? '')))
    .map(({ operationId }) => operationId);
}

it('every operation that sets a password is here', () => {
  expect(
    operationsWithPasswords()
      .filter((name) => !SET_NONE.includes(name))
      .sort(),
  ).toEqual(Object.keys(PATHS).sort());
});

let named = 0;
const nextName = () => `somebody-${(named += 1)}`;

// S-PW-02, S-PW-07, rule 16.
it.each(Object.entries(PATHS))('%s asks the pool, and takes nothing worse', async (_, set) => {
  const name = nextName();
  const theirs = await set(name, `${name}@example.test`);
  expect(theirs).toMatchObject({ status: 422, body: { error_code: 'password_policy' } });
  expect(theirs.body.details.map(({ rule }: { rule: string }) => rule)).toContain('blocklist');
  const long = await set(nextName(), 'quiet otter '.repeat(22));
  expect(long).toMatchObject({ status: 422, body: { error_code: 'password_refused' } });
  // Nobody has another than everybody was given.
  const hashes = await server.db.knex('credentials').where({ pool_id: 'customers' }).distinct('secret');
  expect(hashes.length).toBeLessThanOrEqual(1);
});
