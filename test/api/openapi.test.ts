import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes, createApi } from '../../src/api/index.ts';
import { route } from '../../src/api/route.ts';
import { createSealer } from '../../src/security/seal.ts';
import { startApiServer, type ApiServer } from '../support/api_server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.stop());

describe('the OpenAPI document', () => {
  it('describes every route, with schemas that resolve', async () => {
    const response = await fetch(`${server.url}/api/openapi.json`);
    expect(response.status).toBe(200);
    const document = (await response.json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.openapi).toBe('3.1.0');
    const described = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(described.sort()).toEqual(apiRoutes.map(({ operationId }) => operationId).sort());
    for (const { method, path, answers, requires } of apiRoutes) {
      const operation = document.paths[path]?.[method];
      expect(Object.keys(operation?.responses ?? {})).toEqual(
        expect.arrayContaining([
          String(answers.status),
          // Without a token there is nobody to refuse.
          ...(requires.token === 'none' ? [] : ['401', '403']),
        ]),
      );
    }
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(20);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name as string);
  });

  it('gives every operation a name of its own', () => {
    const names = apiRoutes.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the route table', () => {
  it('does not start with a route that declares no permission', () => {
    const careless = route({
      method: 'get',
      path: '/api/careless',
      operationId: 'Careless',
      summary: '',
      tag: '',
      requires: undefined as never,
      answers: { status: 200 },
      refuses: [],
      handler: () => Promise.resolve({}),
    });
    const deps = {
      domain: server.domain,
      verifyToken: () => Promise.resolve(undefined),
      verifySelfToken: () => Promise.resolve(undefined),
      idempotency: {
        knex: server.db.knex,
        sealer: createSealer([{ kid: 'test', key: 'A'.repeat(43) + '=' }]),
      },
      rate: () => undefined,
      installation: { auditRetentionDays: 0 },
      systemTenantId: 'default',
      publicUrl: 'http://localhost:8080',
    };
    expect(() => createApi(deps, [...apiRoutes, careless])).toThrow(
      'GET /api/careless declares no permission',
    );
    expect(() => createApi(deps)).not.toThrow();
  });
});
