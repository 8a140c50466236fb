import type { Middleware } from 'koa';
import type { Health } from '../observability/health.ts';

/** Koa middleware for probes: `/livez` never touches the database, `/readyz` does, and says why it is not ready. */
export function serveHealth(health: Health): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/livez' && ctx.path !== '/readyz') return next();
    ctx.set('Cache-Control', 'no-store');
    if (ctx.path === '/livez') {
      ctx.body = { alive: true };
      return;
    }
    const readiness = await health.readiness();
    ctx.status = readiness.ready ? 200 : 503;
    ctx.body = readiness;
  };
}
