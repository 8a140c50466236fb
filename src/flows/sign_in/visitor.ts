import type { Actor } from '../../events/audit.ts';
import { correlationId } from '../../http/request_id.ts';
import type { Journey } from '../journey.ts';

const MAX_USER_AGENT = 256;

/** Who acts in a sign-in: somebody, of whom only this is known. */
export function visitorOf({ ctx, server, client }: Journey): Actor {
  const userAgent = ctx.get('User-Agent').slice(0, MAX_USER_AGENT);
  return {
    kind: 'user',
    ip: ctx.ip,
    correlationId: correlationId(ctx),
    ...(userAgent === '' ? {} : { userAgent }),
    workspaceId: server.snapshot.workspaceId,
    clientId: client.clientId,
  };
}
