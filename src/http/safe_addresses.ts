/**
 * An address a link may lead to: a path of ours, http or https.
 * @returns `undefined` for anything else, `javascript:` first of all
 */
export function safeHref(href: string | undefined): string | undefined {
  const url = href === undefined ? null : URL.parse(href, 'http://localhost');
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? href : undefined;
}

/** A logo's address where a page may load it, else `undefined`. */
export function showableLogo(uri: string | undefined): string | undefined {
  if (uri === undefined) return undefined;
  if (/^data:image\/(?:png|jpeg|webp|gif|svg\+xml)[;,]/i.test(uri)) return uri;
  return URL.parse(uri)?.protocol === 'https:' ? uri : undefined;
}

/** A picture's address where a page may load it: like a logo's, or one that this server serves itself. */
export function showableImage(uri: string | undefined): string | undefined {
  return isOwnPath(uri) ? uri : showableLogo(uri);
}

/** An address on this server: two slashes in front would name another. */
export const isOwnPath = (uri: string | undefined): uri is string =>
  uri !== undefined && /^\/(?![/\\])/.test(uri);

/** The origin to allow for a logo, or `undefined` for one that needs none. */
export function logoOrigin(uri: string | undefined): string | undefined {
  const url = URL.parse(showableLogo(uri) ?? '');
  return url?.protocol === 'https:' ? url.origin : undefined;
}
