import { LineCounter, parseDocument, stringify, type Document } from 'yaml';
import { JsonRefused, parseStrictJson } from '../strict_json.ts';
import type { Body } from './kind.ts';

/** A file as it was read. `lineOf` gives the line of the nearest thing that is there, for a JSON pointer. */
export type ReadYaml = { readonly body: Body; readonly lineOf: (pointer: string) => number | undefined };

/** Says why a text is no YAML that we take. */
export class YamlRefused extends Error {
  override readonly name = 'YamlRefused';
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

const TOO_DEEP = 'is nested too deeply';
/** Where the reader speaks of itself. */
const OUR_WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'must hold one document alone',
  RESOURCE_EXHAUSTION: TOO_DEEP,
};

// Enough for a few shared parts of one file, and too few to blow it up.
const MAX_ALIASES = 50;

/**
 * Reads YAML 1.2 as strictly as the API reads JSON: one document, a map with texts as its keys, none of them twice,
 * no tags and directives, aliases within bounds. Throws `YamlRefused`.
 */
export function readYaml(text: string): ReadYaml {
  const lineCounter = new LineCounter();
  const document = parse(text, lineCounter);
  const [found] = [...document.errors, ...document.warnings];
  if (found !== undefined) {
    throw new YamlRefused(OUR_WORDS[found.code] ?? found.message, lineCounter.linePos(found.pos[0]).line);
  }
  if (document.directives?.yaml.explicit === true) throw new YamlRefused('must have no %YAML directive', 1);
  return { body: bodyOf(document), lineOf: (pointer) => lineOf(document, lineCounter, pointer) };
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      stringKeys: true,
      uniqueKeys: true,
      // Not silent: then a second document would be passed over.
      logLevel: 'error',
    });
  } catch (error) {
    // The reader goes down one call for each level.
    if (error instanceof RangeError) throw new YamlRefused(TOO_DEEP);
    throw error;
  }
}

function bodyOf(document: Document): Body {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
    // Once more, by the rules that bodies of requests are read by.
    value = parseStrictJson(Buffer.from(JSON.stringify(value, finite) ?? 'null'));
  } catch (error) {
    if (error instanceof JsonRefused) throw new YamlRefused(error.message.replace('The body', 'the file'));
    if (error instanceof RangeError) throw new YamlRefused(TOO_DEEP);
    if (error instanceof ReferenceError) throw new YamlRefused('has an alias too many, or one of nothing');
    throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new YamlRefused('must be a map of fields');
  }
  return value as Body;
}

function finite(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new JsonRefused('The body has a number without end');
  return value;
}

function lineOf(document: Document, lines: LineCounter, pointer: string): number | undefined {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  for (; steps.length > 0; steps.pop()) {
    const node = document.getIn(steps, true) as { range?: readonly number[] | null } | undefined;
    if (node?.range) return lines.linePos(node.range[0] ?? 0).line;
  }
  return undefined;
}

/** A body as the text of a file, its fields in the order that they have; `comments` stand above it. */
export function writeYaml(body: Body, comments: readonly string[]): string {
  const text = stringify(body, {
    // Texts that older readers take for something else (`yes`, `1:30`) are quoted.
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
  return [...comments.map((line) => `# ${line}\n`), text].join('');
}
