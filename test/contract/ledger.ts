import type { Operation } from './spec.ts';
import { NEVER_ANSWERED, reasonBeyond, reasonOfBody } from './deviations.ts';

export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
  readonly etag: string;
};

export type Totals = {
  readonly operations: number;
  readonly ofOperations: number;
  readonly statuses: number;
  readonly ofStatuses: number;
};

/** What was answered, operation by operation, held against what is described. */
export class Ledger {
  readonly #operations: readonly (readonly [RegExp, Operation])[];
  readonly #seen = new Map<string, Set<number>>();
  readonly problems: string[] = [];

  constructor(operations: readonly Operation[]) {
    // The operation with fewer parameters first: `/users/by_key` before `/users/{userID}`.
    this.#operations = operations
      .toSorted((a, b) => parameters(a) - parameters(b))
      .map((operation) => [patternOf(operation.path), operation] as const);
  }

  record({ method, path, status, body, etag }: Seen): void {
    const bare = path.split('?')[0] as string;
    const found = this.#operations.find(
      ([pattern, operation]) => operation.method === method.toLowerCase() && pattern.test(bare),
    );
    if (found === undefined) return;
    const [, operation] = found;
    if (!operation.statuses.includes(status)) {
      if (reasonBeyond(operation, status) === undefined)
        this.#report(operation, status, 'is not documented', body);
      return;
    }
    const problem = operation.problemsOf(status, body);
    if (problem !== undefined && reasonOfBody(operation, problem) === undefined)
      this.#report(operation, status, problem, body);
    if (isOneThing(operation) && status === 200 && !/^"\d+"$/.test(etag))
      this.#report(operation, status, 'has no ETag', body);
    const seen = this.#seen.get(operation.key) ?? new Set();
    seen.add(status);
    this.#seen.set(operation.key, seen);
  }

  /** The documented statuses nobody has provoked, deviations aside. */
  missing(): string[] {
    return this.#expected()
      .filter(([operation, status]) => !this.#has(operation, status))
      .map(([{ key }, status]) => `${key} ${status}`);
  }

  /** Deviations that are none: the status was answered after all. */
  staleDeviations(): string[] {
    return this.#operations.flatMap(([, operation]) =>
      operation.statuses
        .filter(
          (status) =>
            NEVER_ANSWERED.reasonFor(operation, status) !== undefined && this.#has(operation, status),
        )
        .map((status) => `${operation.key} ${status}`),
    );
  }

  /** Of the operations in question, those that have succeeded, and which of their documented statuses were answered. */
  totals(counts: (operation: Operation) => boolean): Totals {
    const expected = this.#expected().filter(([operation]) => counts(operation));
    const counted = this.#operations.filter(([, operation]) => counts(operation));
    const complete = counted.filter(([, operation]) =>
      operation.statuses.some((status) => status < 300 && this.#has(operation, status)),
    );
    return {
      operations: complete.length,
      ofOperations: counted.length,
      statuses: expected.filter(([operation, status]) => this.#has(operation, status)).length,
      ofStatuses: expected.length,
    };
  }

  #expected(): (readonly [Operation, number])[] {
    return this.#operations.flatMap(([, operation]) =>
      operation.statuses
        .filter((status) => NEVER_ANSWERED.reasonFor(operation, status) === undefined)
        .map((status) => [operation, status] as const),
    );
  }

  #has({ key }: Operation, status: number): boolean {
    return this.#seen.get(key)?.has(status) === true;
  }

  #report({ key }: Operation, status: number, problem: string, body: unknown): void {
    this.problems.push(`${key} ${status}: ${problem} ${JSON.stringify(body)?.slice(0, 400) ?? ''}`);
  }
}

/** Read by its id: with a strong ETag (contract, section 0). */
const isOneThing = ({ method, path }: Operation): boolean => method === 'get' && path.endsWith('}');
const parameters = ({ path }: Operation): number => path.split('{').length;
const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
