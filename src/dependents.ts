import { DomainError } from './domain_error.ts';

/** Something that needs what is to be removed. `name` is for people. */
export type Dependent = {
  readonly kind: 'workspace' | 'pool' | 'client' | 'scope' | 'service' | 'claim' | 'user' | 'import';
  readonly id: string;
  readonly name?: string | null | undefined;
  /** What it is part of. */
  readonly workspaceId?: string | undefined;
  readonly poolId?: string | undefined;
};

/** As many as an answer names. */
export const MAX_DEPENDENTS = 20;

/** The refusal (409) of a removal that others depend on. Its own text names all of them: for whoever may see all. */
export class DependedOn extends DomainError {
  readonly reason: string;
  readonly dependents: readonly Dependent[];

  constructor(reason: string, code: string, dependents: readonly Dependent[]) {
    super('conflict', `${reason}: ${dependents.map(inWords).join(', ')}`, {
      code,
      issues: dependents.map((one) => ({ pointer: '', message: inWords(one) })),
    });
    this.reason = reason;
    this.dependents = dependents;
  }
}

/** Refuses a removal while something depends on it. */
export function refuseDependedOn(dependents: readonly Dependent[], reason: string, code: string): void {
  if (dependents.length > 0) throw new DependedOn(reason, code, dependents.slice(0, MAX_DEPENDENTS));
}

/** `the client storefront of the workspace shop`. */
export function inWords({ kind, id, name, workspaceId, poolId }: Dependent): string {
  const called = (name ?? '') === '' || name === id ? id : `${name} (${id})`;
  if (kind === 'import') return `the import ${id} into the pool ${poolId}, until it ends`;
  if (workspaceId !== undefined && kind !== 'workspace')
    return `the ${kind} ${called} of the workspace ${workspaceId}`;
  if (poolId !== undefined && kind !== 'pool') return `the ${kind} ${called} of the pool ${poolId}`;
  return `the ${kind} ${called}`;
}
