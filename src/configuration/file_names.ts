import { nameOf, type Found } from './current.ts';
import type { Key, Kind } from './kind.ts';
import { KINDS } from './kinds/index.ts';

const PLACEHOLDER = /\{(workspace|pool|id)\}/g;

/** Whether the id of an object is the name of a folder, and not that of a file that says it inside. */
const isFolder = ({ path }: Kind): boolean => path.includes('{id}/');

const PATTERNS = KINDS.map((kind) => ({
  kind,
  // The templates are ours and hold nothing else that means something in a pattern.
  pattern: new RegExp(
    `^${kind.path.replace(/\.yaml$/, '\\.ya?ml').replaceAll(PLACEHOLDER, '(?<$1>[^/]+)')}$`,
  ),
}));

/**
 * What a file is about by its path: `id` is what the path says; where `isCertain` is false, the file may say another.
 * Undefined for a file that has no place in a configuration.
 */
export function placedBy(
  file: string,
): { readonly kind: Kind; readonly key: Key; readonly isCertain: boolean } | undefined {
  for (const { kind, pattern } of PATTERNS) {
    const match = pattern.exec(file);
    if (match === null) continue;
    const { workspace = '', pool = '', id = '' } = match.groups ?? {};
    return { kind, key: { workspace, pool, id }, isCertain: isFolder(kind) };
  }
  return undefined;
}

/**
 * A path for every object, by `nameOf`: the one that it has already (`kept`), or one named for people where an id is
 * made of chance.
 */
export function pathsOf(
  objects: readonly Found[],
  kept: ReadonlyMap<string, { readonly file: string }>,
): ReadonlyMap<string, string> {
  const wished = objects.map((found) => {
    const old = kept.get(nameOf(found))?.file;
    return { found, isKept: old !== undefined, path: old ?? pathOf(found, readable(found)) };
  });
  const taken = new Map<string, number>();
  // Some file systems take `App` and `app` for one.
  for (const { path } of wished) taken.set(path.toLowerCase(), (taken.get(path.toLowerCase()) ?? 0) + 1);
  return new Map(
    wished.map(({ found, path, isKept }) => [
      nameOf(found),
      isKept || taken.get(path.toLowerCase()) === 1
        ? path
        : pathOf(found, `${readable(found)}-${found.key.id}`),
    ]),
  );
}

function pathOf({ kind, key }: Found, name: string): string {
  return kind.path.replaceAll(PLACEHOLDER, (_all, part: 'workspace' | 'pool' | 'id') =>
    part === 'id' ? name : key[part],
  );
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const MADE_SLUG = /^[a-z2-9]{16}$/;
const MAX_CHARS = 60;

function readable({ kind, key: { id }, body }: Found): string {
  // Files that begin with a dot are nobody's.
  if (isFolder(kind) || !(UUID.test(id) || MADE_SLUG.test(id))) return id.startsWith('.') ? `_${id}` : id;
  const name =
    ['name', 'client_name'].map((field) => body[field]).find((value) => typeof value === 'string') ?? '';
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_CHARS);
  return slug === '' ? id : slug;
}
