import type { Issue } from '../domain_error.ts';
import { isPath, leadsThrough, PATH_RULE, ROOT } from './path.ts';
import { SOURCE_RULE, sourceType } from './sources.ts';
import { isOfType, typesAgree, type ValueType } from './value_type.ts';

/** An entry of a list of attributes: of a connection (a source path) or of the authentication context. */
export type Attribute = {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  readonly labels: readonly string[];
};

/** What becomes an entry of the authentication context: what a source brings along, or always the same. */
export type Mapping = {
  readonly mode: 'dynamic' | 'static';
  /** A source path; '' for a static one. */
  readonly source: string;
  readonly target: string;
  readonly type: ValueType;
  /** The value of a static one. */
  readonly static?: unknown;
};

const MAX_STATIC_BYTES = 4096;

/** What is wrong with the attributes that a connection says its people bring along. */
export function attributeIssues(attributes: readonly Attribute[]): Issue[] {
  return attributes.flatMap(({ name, type }, index) => {
    const pointer = `/attributes/${index}`;
    const known = isPath(name) ? sourceType(name) : undefined;
    if (known === undefined) return [{ pointer: `${pointer}/name`, message: SOURCE_RULE }];
    if (!typesAgree(known, type)) return [{ pointer: `${pointer}/type`, message: `${name} is ${known}` }];
    return repeated(attributes, index, pointer);
  });
}

/** What is wrong with the declared attributes of an authentication context. */
export function contextAttributeIssues(pointer: string, attributes: readonly Attribute[]): Issue[] {
  return attributes.flatMap(({ name }, index) =>
    !isPath(name) || name === ROOT
      ? [{ pointer: `${pointer}/${index}/name`, message: PATH_RULE }]
      : repeated(attributes, index, `${pointer}/${index}`),
  );
}

function repeated(attributes: readonly Attribute[], index: number, pointer: string): Issue[] {
  const first = attributes.findIndex(({ name }) => name === attributes[index]?.name);
  if (first === index) return [];
  return [{ pointer: `${pointer}/name`, message: `is there twice, first as entry ${first}` }];
}

/** What is wrong with mappings: unknown sources, impossible types, and entries that contradict each other. */
export function mappingIssues(mappings: readonly Mapping[]): Issue[] {
  return mappings.flatMap((mapping, index) => [
    ...entryIssues(mapping, `/mappings/${index}`),
    ...conflictIssues(mappings, index),
  ]);
}

function entryIssues(mapping: Mapping, pointer: string): Issue[] {
  const issues: Issue[] = [];
  const { target, type } = mapping;
  if (!isPath(target)) issues.push({ pointer: `${pointer}/target`, message: PATH_RULE });
  if (target === ROOT && !typesAgree(type, 'object')) {
    issues.push({ pointer: `${pointer}/type`, message: 'must be object or any where the target is .' });
  }
  return [...issues, ...(mapping.mode === 'static' ? staticIssues : dynamicIssues)(mapping, pointer)];
}

function dynamicIssues(mapping: Mapping, pointer: string): Issue[] {
  if (mapping.static !== undefined) {
    return [{ pointer: `${pointer}/static`, message: 'contradicts the mode dynamic' }];
  }
  const known = isPath(mapping.source) ? sourceType(mapping.source) : undefined;
  if (known === undefined) return [{ pointer: `${pointer}/source`, message: SOURCE_RULE }];
  if (typesAgree(known, mapping.type)) return [];
  return [{ pointer: `${pointer}/type`, message: `${mapping.source} is ${known}` }];
}

function staticIssues(mapping: Mapping, pointer: string): Issue[] {
  if (mapping.source !== '') {
    return [{ pointer: `${pointer}/source`, message: 'contradicts the mode static' }];
  }
  if (!isOfType(mapping.static, mapping.type)) {
    return [{ pointer: `${pointer}/static`, message: `must be a value of the type ${mapping.type}` }];
  }
  if (Buffer.byteLength(JSON.stringify(mapping.static)) > MAX_STATIC_BYTES) {
    return [{ pointer: `${pointer}/static`, message: `must not exceed ${MAX_STATIC_BYTES} bytes` }];
  }
  return [];
}

// Of two mappings to one place, or to a place inside the other's, one would undo the other.
function conflictIssues(mappings: readonly Mapping[], index: number): Issue[] {
  const target = mappings[index]?.target ?? ROOT;
  if (target === ROOT) return [];
  const earlier = mappings.findIndex(
    (other) => leadsThrough(target, other.target) || leadsThrough(other.target, target),
  );
  if (earlier >= index) return [];
  return [{ pointer: `/mappings/${index}/target`, message: `contradicts the target of entry ${earlier}` }];
}
