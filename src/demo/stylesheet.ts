import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Middleware } from 'koa';

const content = readFileSync(new URL('demo.css', import.meta.url));
const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);

/** The address of the application's own stylesheet; it changes when the file does. */
export const stylesheetPath = `/style/${hash}.css`;

/** Koa middleware: serves that stylesheet. */
export function serveStylesheet(): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== stylesheetPath) return next();
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.type = 'css';
    ctx.body = content;
  };
}
