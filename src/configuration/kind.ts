import type { z } from 'zod';
import { readOnly } from '../api/fields.ts';
import type { Answer } from '../api/route.ts';
import type { Page } from '../db/keyset.ts';
import type { Domain } from '../domain.ts';
import type { ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';

/** What a file says: the body of a request to the management API. */
export type Body = Readonly<Record<string, unknown>>;

/** Which object of its kind: the workspace or the pool that it is part of, and its own id; '' where there is none. */
export type Key = { readonly workspace: string; readonly pool: string; readonly id: string };

/** Where the work is done. */
export type Place = {
  readonly domain: Domain;
  readonly tenantId: string;
  readonly by: Actor;
  /** The id of the pool that the tenant is administered by; every tenant has its own. */
  readonly administrators: string | undefined;
};

/** An object that is there, as the API answers it. */
export type Listed = {
  readonly id: string;
  readonly answer: Answer;
  /** Part of every tenant: changed, and never deleted. */
  readonly kept?: boolean;
  /** The people who would go with it. */
  readonly people?: number;
};

type Parent = Omit<Key, 'id'>;

type Definition<Input> = {
  /** What messages call one. */
  readonly noun: string;
  /**
   * Where its files lie. `{workspace}` and `{pool}` are what it is part of, `{id}` is itself: as a folder its id, as
   * the name of a file whatever people like, where the file says the id.
   */
  readonly path: string;
  /** The field of the file that is its id; none where there is one of it. */
  readonly idField?: string;
  /** What the API takes to create it. */
  readonly body: z.ZodType<Input> & { readonly shape: Readonly<Record<string, z.ZodType>> };
  /** Fields that the place of the file says already, or that say twice what another says. */
  readonly leftOut?: readonly string[];
  /** Fields that are chosen once, at creation. */
  readonly fixed?: readonly string[];
  /** Fields that a file may only refer to, and that are never exported. */
  readonly secrets?: readonly string[];
  /** A line for the top of an exported file. */
  readonly comment?: (body: Body) => string | undefined;
  /** What the place of the file says. */
  readonly placed?: (key: Key) => Body;
  readonly list: (place: Place, parent: Parent) => Promise<readonly Listed[]>;
  /** Absent where it is always there. */
  readonly create?: (place: Place, key: Key, input: Input) => Promise<Answer>;
  readonly update: (place: Place, key: Key, input: Input, expected: ExpectedVersion) => Promise<Answer>;
  /** Absent where it stays as long as what it is part of. */
  readonly remove?: (place: Place, key: Key, expected: ExpectedVersion) => Promise<void>;
  /** What allows both what is allowed and what is wanted, where the one would forbid too early what others still do. */
  readonly widened?: (wanted: Body, current: Body) => Body;
  /** Whether every change says the secret again: it is bound to what it is sent to, and that may be what changes. */
  readonly repeatsSecrets?: boolean;
  /** Whether it has this secret already. */
  readonly holdsSecret?: (place: Place, key: Key, field: string, secret: string) => Promise<boolean>;
};

/** A kind of object that a folder of files describes. */
export type Kind = Definition<unknown> & {
  /** What a file may say, secrets included. */
  readonly fields: readonly string[];
  readonly within: 'tenant' | 'workspace' | 'pool';
};

/** Declares a kind. What its files may say is what the API takes, without what the server sets itself. */
export function kind<Input>(definition: Definition<Input>): Kind {
  const { body, leftOut = [], path } = definition;
  const settable = Object.entries(body.shape).filter(([, schema]) => schema !== readOnly);
  return {
    ...(definition as unknown as Definition<unknown>),
    fields: settable.map(([name]) => name).filter((name) => !leftOut.includes(name)),
    within: path.includes('{workspace}') ? 'workspace' : path.includes('{pool}') ? 'pool' : 'tenant',
  };
}

const PAGE = 500;

/** Every row of a list that comes in pages. */
export async function everyPage<T extends { readonly id: string }>(
  read: (page: Page) => Promise<readonly T[]>,
): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const page = await read({ limit: PAGE, after: all.at(-1)?.id });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
