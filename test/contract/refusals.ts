import { lastThing, pathFor, requestFor, type Things } from './requests.ts';
import type { Operation } from './spec.ts';
import type { CallerName, World } from './world.ts';

/** Who is allowed to call an operation. */
export function allowedCaller(operation: Operation): CallerName {
  if (operation.spec === 'identityself') return operation.path.includes('/public/') ? 'nobody' : 'self';
  return operation.path.includes('/admin/') ? 'admin' : 'system';
}

/** Who is known and still may not. */
function refusedCaller(operation: Operation): CallerName {
  if (operation.spec === 'identityself') return operation.path.includes('/v2/') ? 'unscoped' : 'machine';
  return operation.path.includes('/admin/') ? 'roleless' : 'scopeless';
}

const documents = ({ statuses }: Operation, status: number): boolean => statuses.includes(status);
/** No row has lived long enough for it. */
const STALE = { 'if-match': '"999999"' };

/**
 * Asks an operation in every way that any operation can be refused: no token, a token that is not enough, things
 * that are not there, what cannot be read, fields of the wrong kind, an old version.
 */
export async function provokeRefusals(world: World, operation: Operation, things: Things): Promise<void> {
  const caller = allowedCaller(operation);
  const request = () => requestFor(operation, things);
  await world.call('nobody', request());
  await world.call(refusedCaller(operation), request());
  const thing = lastThing(operation);
  if (documents(operation, 404) && thing !== undefined) {
    await world.call(caller, { ...request(), path: pathFor(operation, { ...things, [thing]: 'ghost' }) });
  }
  if (documents(operation, 400)) await provokeMalformed(world, operation, things);
  if (documents(operation, 422) && operation.hasBody) {
    await world.call(caller, {
      ...request(),
      body: operation.key.includes('patch') ? [{ op: 'none' }] : { __odd: 1 },
    });
  }
  if (documents(operation, 412) && operation.method !== 'get') {
    await world.call(caller, { ...request(), headers: STALE });
  }
}

async function provokeMalformed(world: World, operation: Operation, things: Things): Promise<void> {
  const { body: _, ...request } = requestFor(operation, things);
  const caller = allowedCaller(operation);
  if (operation.hasBody) await world.call(caller, { ...request, rawBody: '{"broken' });
  else await world.call(caller, { ...request, path: `${request.path}?limit=none` });
}
