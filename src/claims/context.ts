import type { Attribute, Mapping } from './mapping.ts';
import {
  type Document,
  isDocument,
  leadsThrough,
  merged,
  ROOT,
  valueAt,
  withoutValueAt,
  withValueAt,
} from './path.ts';
import { sourceAt } from './sources.ts';
import { isOfType } from './value_type.ts';

/**
 * The authentication context: what the mappings of a connection make of what a person brings along. A value that
 * is missing, or of another type than the mapping says, or than the workspace declares, is left out.
 */
export function contextOf(
  mappings: readonly Mapping[],
  sources: Document,
  declared: readonly Attribute[],
): Document {
  // What names its place stands before what came along with everything else.
  const [all, placed] = [mappings.filter(isForAll), mappings.filter((mapping) => !isForAll(mapping))];
  let context: Document = {};
  for (const mapping of [...all, ...placed]) {
    const value = mapping.mode === 'static' ? mapping.static : sourceAt(sources, mapping.source);
    if (!isOfType(value, mapping.type)) continue;
    if (!isForAll(mapping)) context = withValueAt(context, mapping.target, value);
    else if (isDocument(value)) context = merged(context, value);
  }
  for (const { name, type } of declared) {
    const value = valueAt(context, name);
    if (value !== undefined && !isOfType(value, type)) context = withoutValueAt(context, name);
  }
  return context;
}

const isForAll = ({ target }: Mapping): boolean => target === ROOT;

/** The mapping that fills a place of the context, for the explanation of a claim. */
export function mappingFor(mappings: readonly Mapping[], path: string): Mapping | undefined {
  const placed = mappings.find(({ target }) => leadsThrough(path, target) || leadsThrough(target, path));
  return placed ?? mappings.find(isForAll);
}
