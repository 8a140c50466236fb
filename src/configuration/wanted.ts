import { issuesOf } from '../api/validation.ts';
import type { Issue } from '../domain_error.ts';
import { isOpaqueId } from '../tenants/slug.ts';
import { identified, nameOf } from './current.ts';
import { placedBy } from './file_names.ts';
import type { TextFile } from './folder.ts';
import type { Body, Key, Kind } from './kind.ts';
import { refuseProblems, type Problem } from './problem.ts';
import { resolveSecret, type SecretSource } from './secret_reference.ts';
import { readYaml, YamlRefused, type ReadYaml } from './yaml.ts';

/** An object as a file wants it. */
export type Wanted = {
  readonly kind: Kind;
  readonly key: Key;
  readonly file: string;
  readonly body: Body;
  /** The secrets that it refers to, in clear, by field. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What is wrong with it, at its place in the file. */
  readonly problem: (issue: Issue) => Problem;
};

/** What the files of a folder want, by `nameOf`. Throws `ConfigurationRefused` naming everything that no API takes. */
export function readWanted(files: readonly TextFile[], source: SecretSource): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  const problems: Problem[] = [];
  for (const file of files) {
    const read = readFile(file, source);
    if (Array.isArray(read)) {
      problems.push(...read);
      continue;
    }
    const first = wanted.get(nameOf(read));
    if (first === undefined) wanted.set(nameOf(read), read);
    else
      problems.push(read.problem({ pointer: '', message: `is the same ${nameOf(read)} as ${first.file}` }));
  }
  refuseProblems(problems);
  return wanted;
}

function readFile({ file, text }: TextFile, source: SecretSource): Wanted | Problem[] {
  const placed = placedBy(file);
  if (placed === undefined) {
    return [
      { file, pointer: '', message: 'has no place in a configuration: no kind of object has its files here' },
    ];
  }
  let read: ReadYaml;
  try {
    read = readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlRefused)) throw error;
    return [{ file, line: error.line, pointer: '', message: error.message }];
  }
  const problem = ({ pointer, message }: Issue): Problem => ({
    file,
    line: read.lineOf(pointer),
    pointer,
    message,
  });
  const { kind } = placed;
  const { id, issues } = idOf(placed, read.body);
  const key = { ...placed.key, id };
  const { body, secrets, refused } = withoutSecrets(kind, read.body, source);
  const complete = identified(kind, key, body);
  issues.push(
    ...refused,
    ...fieldIssues(kind, complete),
    ...bodyIssues(kind, key, { ...complete, ...secrets }),
  );
  if (issues.length > 0) return issues.map(problem);
  return { kind, key, file, body: complete, secrets, problem };
}

/** The path says the id, or the file does. */
function idOf(
  { kind, key, isCertain }: NonNullable<ReturnType<typeof placedBy>>,
  body: Body,
): { id: string; issues: Issue[] } {
  const { idField } = kind;
  if (idField === undefined) return { id: '', issues: [] };
  const pointer = `/${idField}`;
  const said = body[idField] ?? key.id;
  if (typeof said !== 'string' || !isOpaqueId(said)) {
    return {
      id: key.id,
      issues: [{ pointer, message: 'must be an id: 1 to 64 letters, digits and - . _ ~' }],
    };
  }
  const contradicts = isCertain && said !== key.id;
  return {
    id: said,
    issues: contradicts ? [{ pointer, message: `must be ${key.id}, as the folder is called` }] : [],
  };
}

function withoutSecrets({ secrets = [] }: Kind, given: Body, source: SecretSource) {
  const resolved: Record<string, string> = {};
  const refused: Issue[] = [];
  for (const field of secrets) {
    if (!Object.hasOwn(given, field)) continue;
    const secret = resolveSecret(given[field], `/${field}`, source);
    if (typeof secret === 'string') resolved[field] = secret;
    else refused.push(secret);
  }
  const body = Object.fromEntries(Object.entries(given).filter(([name]) => !secrets.includes(name)));
  return { body, secrets: resolved, refused };
}

/** What the API would take and leave aside is named here: a file means what it says. */
function fieldIssues({ fields, idField, body: schema }: Kind, body: Body): Issue[] {
  return Object.keys(body)
    .filter((name) => Object.hasOwn(schema.shape, name) && !fields.includes(name) && name !== idField)
    .map((name) => ({
      pointer: `/${name}`,
      message: 'has no place here: the server sets it, or the folder says it',
    }));
}

function bodyIssues(kind: Kind, key: Key, body: Body): Issue[] {
  const result = kind.body.safeParse({ ...body, ...kind.placed?.(key) });
  return result.success ? [] : issuesOf(result.error);
}
