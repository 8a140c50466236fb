import { connect, isIP, type Socket } from 'node:net';
import { isPublicAddress, publicLookup } from './outbound.ts';

export type SocketTarget = {
  readonly host: string;
  readonly port: number;
  /** May be anywhere: the operator allows it. */
  readonly allowed: boolean;
  readonly timeoutMs: number;
};

/**
 * A connection to a host that somebody named who is not the operator, for protocols other than HTTP. Reaches public
 * addresses only, checked where the connection is made, so that a name that changes its answer gains nothing.
 * @param done gets the connected socket, or what went wrong: its `code` is for programs, its message for no caller.
 */
export function connectOutbound(
  target: SocketTarget,
  done: (error: Error | null, socket?: Socket) => void,
): void {
  const { host, port, allowed, timeoutMs } = target;
  // The resolver is not asked about addresses.
  if (!allowed && isIP(host) !== 0 && !isPublicAddress(host)) {
    return void setImmediate(done, new Error(`${host} is no public address`));
  }
  const socket = connect({ host, port, ...(allowed ? {} : { lookup: publicLookup }) });
  const settle = (error: Error | null) => {
    clearTimeout(timer);
    socket.off('error', settle);
    // Between two owners nobody else listens.
    socket.on('error', () => undefined);
    if (error === null) return done(null, socket);
    socket.destroy();
    done(error);
  };
  const timer = setTimeout(() => {
    settle(Object.assign(new Error(`${host} did not answer`), { code: 'ETIMEDOUT' }));
  }, timeoutMs);
  socket.once('error', settle);
  socket.once('connect', () => settle(null));
}
