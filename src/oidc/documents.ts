import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { DOCUMENTS_KEPT_SECONDS } from '../workspaces/key_rules.ts';
import { runProvider } from './mount.ts';
import type { PublicDocument, WorkspaceServer } from './workspace_server.ts';

const DOCUMENTS: ReadonlySet<string> = new Set([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
]);

/** True for the path, below the issuer, of a document that is the same for everybody. */
export function isDocument(ctx: Context, pathBelowIssuer: string): boolean {
  return (ctx.method === 'GET' || ctx.method === 'HEAD') && DOCUMENTS.has(pathBelowIssuer);
}

/**
 * Answers with a discovery document or the JWKS from memory, without a database statement. Made by the
 * provider at the first request of each configuration version.
 */
export async function serveDocument(
  ctx: Context,
  server: WorkspaceServer,
  pathBelowIssuer: string,
): Promise<void> {
  let document = server.documents.get(pathBelowIssuer);
  if (!document) {
    await runProvider(ctx, server);
    document = remembered(ctx);
    server.documents.set(pathBelowIssuer, document);
  }
  ctx.status = 200;
  ctx.set('Access-Control-Allow-Origin', '*');
  ctx.set('Cache-Control', `public, max-age=${DOCUMENTS_KEPT_SECONDS}`);
  ctx.set('ETag', document.etag);
  ctx.set('Content-Type', document.type);
  ctx.remove('Vary');
  if (
    ctx
      .get('If-None-Match')
      .split(/\s*,\s*/)
      .includes(document.etag)
  ) {
    ctx.status = 304;
    ctx.body = null;
    return;
  }
  ctx.body = document.body;
}

function remembered(ctx: Context): PublicDocument {
  const body = JSON.stringify(ctx.body);
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  return { body, etag, type: ctx.response.get('Content-Type') };
}
