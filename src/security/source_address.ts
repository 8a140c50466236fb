import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

// More proxies than this in a row are no real installation.
const MAX_HOPS = 20;

/**
 * The one spelling of an IP address: IPv6 shortened and in lower case, without zone; IPv4 also where it comes
 * mapped (`::ffff:192.0.2.1`) or translated (RFC 6052 `64:ff9b::192.0.2.1`).
 * @returns undefined for anything that is no address. Nothing is looked up.
 */
export function canonicalAddress(text: string): string | undefined {
  const [address = ''] = text.split('%', 1);
  const family = isIP(address);
  if (family === 0) return undefined;
  if (family === 4) return address;
  const groups = groupsOf(address);
  const prefix = groups.slice(0, 6).join(':');
  if (prefix === '0:0:0:0:0:ffff' || prefix === '64:ff9b:0:0:0:0') {
    const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return compress(groups);
}

/**
 * What wrong guesses are counted by: the address, for IPv6 its /64, of which every household has one (T-107).
 * @returns undefined for anything that is no address.
 */
export function sourceOf(address: string): string | undefined {
  const canonical = canonicalAddress(address);
  if (canonical === undefined || isIP(canonical) === 4) return canonical;
  return `${compress([...groupsOf(canonical).slice(0, 4), '0', '0', '0', '0'])}/64`;
}

/**
 * Makes the function that tells where a request comes from. `X-Forwarded-For` is read only when the peer is a
 * trusted proxy, from right to left past trusted proxies; a hop that is no address ends the reading (T-108).
 * @param trustProxy addresses and CIDR ranges, as in TRUST_PROXY.
 * @returns gives a canonical address; the peer's when nothing better is known.
 */
export function createSourceAddressReader(trustProxy: readonly string[]): (req: IncomingMessage) => string {
  const trusted = new BlockList();
  for (const range of trustProxy) {
    const [network = '', prefix] = range.split('/');
    const type = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    trusted.addSubnet(network, Number(prefix ?? (type === 'ipv4' ? 32 : 128)), type);
  }
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');

  return (req) => {
    // No peer: the connection is gone, or is a local socket of the operator's own.
    let address = canonicalAddress(req.socket.remoteAddress ?? '') ?? '::1';
    const header = req.headers['x-forwarded-for'];
    if (typeof header !== 'string') return address;
    const hops = header.split(',').slice(-MAX_HOPS);
    while (isTrusted(address)) {
      const hop = parseHop(hops.pop());
      if (hop === undefined) break;
      address = hop;
    }
    return address;
  };
}

/** An address, with the port that some proxies add: `192.0.2.1:1234`, `[2001:db8::1]:1234`. */
function parseHop(text: string | undefined): string | undefined {
  const hop = text?.trim() ?? '';
  const withPort =
    /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(hop) ?? /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(hop);
  return canonicalAddress(withPort?.[1] ?? hop);
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser knows all the spellings, dotted endings included.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [left = '', right] = text.split('::');
  const before = left === '' ? [] : left.split(':');
  const after = right === undefined || right === '' ? [] : right.split(':');
  const gap = right === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: gap }, () => '0'), ...after];
}

function compress(groups: string[]): string {
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
