import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { canonicalAddress } from './source_address.ts';

export type OutboundOptions = {
  /**
   * Hosts that may be anywhere (`127.0.0.1`, `localhost`): those that the operator names in the configuration, and
   * for tests whatever OUTBOUND_ALLOW_HOSTS says, which production refuses.
   */
  allowHosts: readonly string[];
  /** For the whole request. Default: 2.5 s. */
  timeoutMs?: number;
};

/** An address was not fetched. Does not say why, so that nobody can explore our network; `cause` is for the log. */
export class OutboundError extends Error {
  override name = 'OutboundError';

  constructor(cause: unknown) {
    super('The address could not be fetched', { cause });
  }
}

const TIMEOUT_MS = 2500;
const MAX_BODY_BYTES = 256 * 1024;
const NULL_BODY_STATUS = [101, 204, 205, 304];

// IANA special-purpose registries. Of IPv6 only what is allocated as global unicast is reachable at all.
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const GLOBAL_V6 = ['2000::/3'];
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = blockList([...SPECIAL_V4, ...SPECIAL_V6]);
const global = blockList(GLOBAL_V6);

/** Whether an address is somewhere in the public internet: not loopback, private, link-local, reserved. */
export function isPublicAddress(text: string): boolean {
  const address = canonicalAddress(text);
  if (address === undefined) return false;
  if (isIP(address) === 4) return !special.check(address, 'ipv4');
  return global.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/**
 * The `fetch` for every request that leaves the server. Reaches public addresses only, checked where the
 * connection is made, so that a name that changes its answer gains nothing. Follows no redirect, takes 2.5 s
 * at most and reads 256 KiB at most; the answer comes with its whole body.
 * @returns a fetch that rejects with {@link OutboundError} for whatever goes wrong.
 */
export function createOutboundFetch({
  allowHosts,
  timeoutMs = TIMEOUT_MS,
}: OutboundOptions): typeof globalThis.fetch {
  const guarded = createDispatcher(publicLookup);
  // Connections to allowed hosts are kept apart from those that are checked.
  const unguarded = allowHosts.length > 0 ? createDispatcher(lookup) : undefined;
  const allowed = new Set(allowHosts.map((host) => host.toLowerCase()));

  return async (input, init = {}) => {
    try {
      const url = new URL(input instanceof Request ? input.url : input);
      const dispatcher = allowed.has(url.hostname) || allowed.has(url.host) ? unguarded : guarded;
      if (dispatcher === guarded) requirePublic(url);
      const timeout = AbortSignal.timeout(timeoutMs);
      const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
      const options = { ...init, redirect: 'manual', signal, dispatcher } as RequestInit;
      const response = await fetch(input, options);
      const body = await readBounded(response);
      const { status, statusText, headers } = response;
      return new Response(NULL_BODY_STATUS.includes(status) ? null : body, { status, statusText, headers });
    } catch (cause) {
      throw new OutboundError(cause);
    }
  };
}

/** What the resolver is not asked for: other schemes, and addresses, which the URL parser has made plain. */
function requirePublic(url: URL): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Error(`No fetching of ${url.protocol}`);
  const address = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw new Error(`${address} is no public address`);
}

/** Resolves a name and refuses it when any of its addresses is not public. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  const all: LookupOptions & { all: true } = { ...options, all: true };
  lookup(hostname, all, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, []);
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new Error(`${hostname} is at no public address`), []);
    }
    return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream and ends the connection.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new Error(`The answer is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

type AgentConstructor = new (options: { connect: { lookup: LookupFunction } }) => object;

/** Node's fetch takes a dispatcher of its own undici only, whose class is reached through the global one. */
function createDispatcher(lookup: LookupFunction): object {
  // Touching fetch's globals loads undici, which then registers itself.
  void Response;
  const registry = globalThis as unknown as Record<symbol, { constructor: AgentConstructor } | undefined>;
  const Agent = registry[Symbol.for('undici.globalDispatcher.1')]?.constructor;
  // A proxying dispatcher would resolve names elsewhere: better no outgoing requests than unguarded ones.
  if (Agent?.name !== 'Agent')
    throw new Error('This Node has no undici Agent to guard outgoing requests with');
  return new Agent({ connect: { lookup } });
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), network.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
