import type { ErrorObject } from 'ajv';
import type { Issue } from '../domain_error.ts';
import { pointerStep } from './json_schema.ts';

const MAX_ISSUES = 50;

/** What a validator found, in plain words, each thing once. Values are never repeated, they may be secrets. */
export function issuesOf(errors: readonly ErrorObject[]): Issue[] {
  const issues = new Map<string, Issue>();
  for (const error of errors) {
    if (issues.size >= MAX_ISSUES) break;
    const issue = issueOf(error);
    if (issue !== undefined) issues.set(`${issue.pointer} ${issue.message}`, issue);
  }
  return [...issues.values()];
}

type Params = Readonly<Record<string, unknown>>;

function issueOf({ keyword, instancePath, params, propertyName }: ErrorObject): Issue | undefined {
  // What is wrong with a name is said once, by `propertyNames` itself.
  if (propertyName !== undefined) return undefined;
  const values = params as Params;
  const inside = (name: unknown): string => instancePath + pointerStep(String(name));
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return { pointer: inside(values.missingProperty), message: 'is required' };
    case 'additionalProperties':
      return { pointer: inside(values.additionalProperty), message: 'is not known to the schema' };
    case 'propertyNames':
      return { pointer: inside(values.propertyName), message: 'is not a name that the schema allows' };
    // Their parts have said what is wrong.
    case 'if':
      return undefined;
    default:
      return { pointer: instancePath, message: messageOf(keyword, values) };
  }
}

function messageOf(keyword: string, params: Params): string {
  const limit = String(params.limit);
  switch (keyword) {
    case 'type':
      return `must be of type ${String(params.type)}`;
    case 'enum':
      return 'must be one of the values that the schema allows';
    case 'const':
      return 'must be the one value that the schema allows';
    case 'pattern':
      return 'must have the form that the schema asks for';
    case 'minLength':
      return `must be at least ${limit} characters`;
    case 'maxLength':
      return `must be at most ${limit} characters`;
    case 'minItems':
      return `must hold at least ${limit} entries`;
    case 'maxItems':
      return `must hold at most ${limit} entries`;
    case 'minProperties':
      return `must hold at least ${limit} properties`;
    case 'maxProperties':
      return `must hold at most ${limit} properties`;
    case 'uniqueItems':
      return 'must not hold the same entry twice';
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${String(params.comparison)} ${limit}`;
    case 'multipleOf':
      return `must be a multiple of ${String(params.multipleOf)}`;
    case 'contains':
      return 'must hold the entries that the schema asks for';
    case 'anyOf':
      return 'must fit one of the alternatives of the schema at least';
    case 'oneOf':
      return 'must fit exactly one of the alternatives of the schema';
    default:
      return 'must not be what the schema excludes';
  }
}
