import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';

/** The published description of the API, where it lies beside the project; the project does not need it. */
const FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'contract', 'spec');
const FILES = {
  identity: '/api/identity/{tid}',
  identitysystem: '/api/identity/{tid}',
  identityself: '/{tid}/{aid}/identity',
  admin: '/api/admin/{tid}',
} as const;

export type SpecName = keyof typeof FILES;

export type Operation = {
  /** `identitysystem:verifyOTP`. */
  readonly key: string;
  readonly spec: SpecName;
  /** What the description files it under. */
  readonly tag: string;
  readonly method: string;
  /** With the base, in braces: `/api/identity/{tid}/admin/pools/{ipID}`. */
  readonly path: string;
  readonly statuses: readonly number[];
  readonly hasBody: boolean;
  readonly queries: readonly string[];
  /** What is wrong with the body of an answer; undefined when it is as described. */
  problemsOf(status: number, body: unknown): string | undefined;
};

type Swagger = {
  paths: Record<string, Record<string, SwaggerOperation>>;
  definitions: Record<string, unknown>;
  responses: Record<string, { schema?: unknown }>;
};
type SwaggerOperation = {
  operationId: string;
  tags?: string[];
  parameters?: { in: string; name: string }[];
  responses: Record<string, { $ref?: string; schema?: unknown }>;
};

export const hasSpec = (): boolean => existsSync(join(FOLDER, 'identity.yaml'));

/** Every operation of the four descriptions; none where the folder is not there. */
export function readOperations(): Operation[] {
  return hasSpec() ? (Object.keys(FILES) as SpecName[]).flatMap(operationsOf) : [];
}

function operationsOf(spec: SpecName): Operation[] {
  const swagger = parse(readFileSync(join(FOLDER, `${spec}.yaml`), 'utf8')) as Swagger;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: spec, definitions: asJsonSchema(swagger.definitions) as object });
  const compiled = new Map<string, ValidateFunction>();
  const validator = (name: string, schema: unknown): ValidateFunction => {
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const text = JSON.stringify(asJsonSchema(schema)).replaceAll('"#/definitions/', `"${spec}#/definitions/`);
    const made = ajv.compile(JSON.parse(text) as object);
    compiled.set(name, made);
    return made;
  };
  return Object.entries(swagger.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({
        key: `${spec}:${operation.operationId}`,
        spec,
        tag: operation.tags?.[0] ?? '',
        method,
        path: FILES[spec] + path,
        statuses: Object.keys(operation.responses).map(Number),
        hasBody: operation.parameters?.some((parameter) => parameter.in === 'body') ?? false,
        queries: (operation.parameters ?? []).filter(({ in: at }) => at === 'query').map(({ name }) => name),
        problemsOf(status: number, body: unknown) {
          const response = operation.responses[String(status)];
          if (response === undefined) return `${status} is not documented`;
          const shared = response.$ref?.split('/').at(-1);
          const schema = shared === undefined ? response.schema : swagger.responses[shared]?.schema;
          if (schema === undefined)
            return body === undefined ? undefined : 'has a body, and none is described';
          const validate = validator(`${operation.operationId} ${status}`, schema);
          return validate(body) ? undefined : ajv.errorsText(validate.errors);
        },
      })),
  );
}

/**
 * The descriptions come out of a generator: an object without properties stands for anything at all, and an
 * array of bytes for text in base64.
 */
function asJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asJsonSchema);
  if (typeof node !== 'object' || node === null) return node;
  const schema = node as Record<string, unknown>;
  if (schema.type === 'array' && (schema.items as { format?: string } | undefined)?.format === 'uint8') {
    return { type: 'string' };
  }
  const keys = Object.keys(schema).filter((key) => !/^(x-|description|example|title|format)/.test(key));
  if (schema.type === 'object' && keys.length === 1) return {};
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, asJsonSchema(value)]));
}
