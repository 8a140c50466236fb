import { expect } from 'vitest';
import type { ApiAnswer } from '../../support/api_server.ts';
import { POOL, TENANT, WORKSPACE, type CallerName, type World } from '../world.ts';

/** Part of the walk: what somebody would do, in the order in which they would do it. */
export type Step = { readonly name: string; readonly go: (world: World) => Promise<void> };
export type Part = { readonly name: string; readonly steps: readonly Step[] };

export const IDENTITY = `/api/identity/${TENANT}`;
export const CONFIGURATION = `/api/admin/${TENANT}`;
export const SELF = `/${TENANT}/${WORKSPACE}/identity`;

/** One of the two APIs that people and backends use: the same requests below another base. */
export type Side = { readonly as: CallerName; readonly base: string; readonly pool: string };
export const ADMIN: Side = {
  as: 'admin',
  base: `${IDENTITY}/admin`,
  pool: `${IDENTITY}/admin/pools/${POOL}`,
};
export const SYSTEM: Side = {
  as: 'system',
  base: `${IDENTITY}/system`,
  pool: `${IDENTITY}/system/pools/${POOL}`,
};

/** The same step in both APIs. */
export const inBoth = (name: string, go: (world: World, side: Side) => Promise<void>): Step[] =>
  [ADMIN, SYSTEM].map((side) => ({ name: `${name} (${side.as})`, go: (world) => go(world, side) }));

/** Calls, and holds the answer against the status that is expected. */
export async function expectStatus(
  world: World,
  as: CallerName,
  status: number,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<ApiAnswer> {
  const answer = await world.call(as, {
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  });
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(status);
  return answer;
}

/** The same for the configuration API, as its administrator. */
export const configuring =
  (world: World) =>
  (
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) =>
    expectStatus(world, 'admin', status, method, `${CONFIGURATION}${path}`, body, headers);

/** Based on a version from long ago. */
export const STALE = { 'if-match': '"999999"' };
