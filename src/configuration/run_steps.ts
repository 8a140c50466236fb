import type { Knex } from 'knex';
import { keepingIf } from '../db/savepoint.ts';
import { DomainError } from '../domain_error.ts';
import { ConfigurationRefused } from './problem.ts';
import type { Done, Step } from './step.ts';

type Failed = { readonly step: Step; readonly refusal: DomainError | undefined };

/**
 * Runs every step, whatever order they need: one that is refused is tried again after the others, as long as that
 * helps any. Throws `ConfigurationRefused` with what is left. Gives what each came to, by name.
 */
export async function runSteps(
  tx: Knex.Transaction,
  steps: readonly Step[],
): Promise<ReadonlyMap<string, Done>> {
  const done = new Map<string, Done>();
  const widened = new Set<Step>();
  let pending = steps;
  while (pending.length > 0) {
    const failed = await onePass(tx, pending, done);
    if (failed.length === pending.length && !(await makeRoom(tx, failed, widened))) throw refused(failed);
    pending = failed.map(({ step }) => step);
  }
  return done;
}

async function onePass(
  tx: Knex.Transaction,
  steps: readonly Step[],
  done: Map<string, Done>,
): Promise<Failed[]> {
  const failed = new Map<string, Failed>();
  for (const step of steps) {
    const waits = step.parents.some((parent) => failed.has(parent));
    const result = waits ? undefined : await attempt(tx, step.run);
    if (result === undefined || result instanceof DomainError) {
      failed.set(step.name, { step, refusal: result });
    } else done.set(step.name, result);
  }
  return [...failed.values()];
}

/** Lets those that can allow what they allowed before and what they are to allow, both. Gives whether any did. */
async function makeRoom(
  tx: Knex.Transaction,
  failed: readonly Failed[],
  widened: Set<Step>,
): Promise<boolean> {
  let any = false;
  for (const { step } of failed) {
    if (step.widen === undefined || widened.has(step)) continue;
    widened.add(step);
    if (!((await attempt(tx, step.widen)) instanceof DomainError)) any = true;
  }
  return any;
}

/** Runs it, or gives the refusal and leaves everything as it was. */
async function attempt(tx: Knex.Transaction, run: () => Promise<Done>): Promise<Done | DomainError> {
  try {
    return await keepingIf(tx, run);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function refused(failed: readonly Failed[]): ConfigurationRefused {
  return new ConfigurationRefused(
    failed.flatMap(({ step, refusal }) =>
      refusal === undefined
        ? []
        : (refusal.issues ?? [{ pointer: '', message: refusal.message }]).map(step.problem),
    ),
  );
}
