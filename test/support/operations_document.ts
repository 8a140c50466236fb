import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiRoutes } from '../../src/api/index.ts';
import type { Route } from '../../src/api/route.ts';

export const OPERATIONS_DOCUMENT = 'docs/reference/operations_of_the_api.md';

/**
 * Every operation by what it is about, with what it asks of its caller, in Markdown: generated, so that it is
 * complete. `npm run docs` writes it, a test holds it against the route table.
 */
export function operationsDocument(routes: readonly Route[] = apiRoutes): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  return [
    '# Operations of the API',
    '',
    'Generated from the route table by `npm run docs`. A running server shows the same with every field at `/api/docs`, and for',
    'programs at `/api/openapi.json` (OpenAPI 3.1). [The management API](management_api.md) tells how to call it.',
    ...tags.flatMap((tag) =>
      section(
        tag,
        routes.filter((route) => route.tag === tag),
      ),
    ),
    '',
  ].join('\n');
}

function section(tag: string, routes: readonly Route[]): string[] {
  return [
    '',
    `## ${tag}`,
    '',
    '| Operation | | Needs |',
    '|---|---|---|',
    ...routes.map(
      (route) => `| \`${route.method.toUpperCase()} ${route.path}\` | ${route.summary} | ${needs(route)} |`,
    ),
  ];
}

function needs({ requires }: Route): string {
  switch (requires.token) {
    case 'none':
      return 'nothing';
    case 'system':
      return `scope ${requires.scopes.map((scope) => `\`${scope}\``).join(' or ')}`;
    case 'self': {
      const scope = requires.scope === undefined ? "a person's token" : `scope \`${requires.scope}\``;
      return requires.recent ? `${scope}, a sign-in within five minutes` : scope;
    }
    case 'tenant':
    case 'installation':
      return 'permission' in requires ? `\`${requires.permission}\`` : 'depends on the role';
  }
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, '..', '..', OPERATIONS_DOCUMENT), operationsDocument());
}
