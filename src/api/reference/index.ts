import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { assetPath } from '../../http/assets.ts';
import { notFound } from '../../http/errors.ts';
import { renderView } from '../../http/views.ts';
import { createNonce, setPageHeaders } from '../../security/headers.ts';
import { fieldsOf, typeOf, type Field, type Schema } from './fields.ts';

const PATH = '/api/docs';

type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
};
type Body = { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body & { readonly description: string }>>;
};

/** The parts of an OpenAPI document that the pages show. */
export type ApiDocument = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
};

type Entry = Operation & { readonly method: string; readonly path: string };

/**
 * Serves the OpenAPI document as pages to read: a list of operations, and a page for each. Plain HTML of our own,
 * so that nothing is fetched from anywhere else.
 */
export function serveReference(router: Router, document: ApiDocument): void {
  const entries: Entry[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })),
  );
  const byId = new Map(entries.map((entry) => [entry.operationId, entry]));
  const list = listModel(entries);
  router.get(PATH, (ctx) => render(ctx, 'api_reference', list));
  router.get(`${PATH}/:operationId`, (ctx) => {
    const entry = byId.get(ctx.params.operationId ?? '');
    if (entry === undefined) throw notFound();
    return render(ctx, 'api_operation', operationModel(entry, document));
  });
}

async function render(ctx: Context, view: string, model: object): Promise<void> {
  const shell = { css: assetPath('reference.css'), icon: assetPath('mark.svg'), list: PATH };
  ctx.status = 200;
  setPageHeaders(ctx, { nonce: createNonce(), forms: 'none', imageOrigins: [] });
  await renderView(ctx, view, { shell, model, t: (text: string) => text });
  ctx.type = 'text/html; charset=utf-8';
}

function listModel(entries: readonly Entry[]): object {
  const tags = [...new Set(entries.flatMap((entry) => entry.tags))];
  return {
    tags: tags.map((name) => ({
      name,
      id: name.replaceAll(' ', '-').toLowerCase(),
      operations: entries
        .filter((entry) => entry.tags.includes(name))
        .map(({ operationId, method, path, summary }) => ({
          href: `${PATH}/${operationId}`,
          method,
          path,
          summary,
        })),
    })),
  };
}

function operationModel(entry: Entry, { components }: ApiDocument): object {
  const named = (name: string) => components?.schemas?.[name];
  const open = (schema: Schema | undefined) =>
    schema?.$ref === undefined ? schema : named(schema.$ref.split('/').at(-1) ?? '');
  const fields = (body: Body | undefined): Field[] => fieldsOf(schemaOf(body), named);
  return {
    name: entry.operationId,
    method: entry.method,
    path: entry.path,
    summary: entry.summary,
    description: partsOf(entry.description ?? ''),
    parameters: (entry.parameters ?? []).map((parameter) => ({
      name: parameter.name,
      place: parameter.in,
      type: typeOf(parameter.schema, open),
      required: parameter.required === true,
      description: parameter.description ?? parameter.schema?.description ?? '',
    })),
    body: fields(entry.requestBody),
    answers: Object.entries(entry.responses).map(([status, response]) => ({
      status,
      description: response.description,
      fields: Number(status) < 300 ? fields(response) : [],
    })),
  };
}

/** Text with code in backticks, as the document has it. */
const partsOf = (text: string): { text: string; isCode: boolean }[] =>
  text
    .split('`')
    .map((part, index) => ({ text: part, isCode: index % 2 === 1 }))
    .filter((part) => part.text !== '');

const schemaOf = (body: Body | undefined): Schema | undefined =>
  Object.values(body?.content ?? {})[0]?.schema;
