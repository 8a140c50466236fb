import type Provider from 'oidc-provider';

/** The library gives a pushed request a minute; a workspace may give it less (RFC 9126 §2.2). */
export function limitPushedRequests(provider: Provider, seconds: number): void {
  const { PushedAuthorizationRequest } = provider;
  const save = Reflect.get(PushedAuthorizationRequest.prototype, 'save');
  PushedAuthorizationRequest.prototype.save = function saveForLess(ttl: number): Promise<string> {
    return save.call(this, Math.min(ttl, seconds));
  };
  provider.use(async (ctx, next) => {
    await next();
    const body = ctx.body as { request_uri?: string; expires_in?: number } | null | undefined;
    if (ctx.oidc?.route !== 'pushed_authorization_request' || body?.expires_in === undefined) return;
    body.expires_in = Math.min(body.expires_in, seconds);
  });
}
