import type { Locale } from '../i18n/locales.ts';
import { createNonce, setPageHeaders } from '../security/headers.ts';
import { localeOf } from './locale.ts';
import { pageViews, type PageView, type Say } from './page_views.ts';
import type { PageName, Pages } from './pages.ts';
import { logoOrigin } from './safe_addresses.ts';
import { buildShell, sayingAs, type Shell } from './shell.ts';
import { renderView, type PageContext } from './views.ts';

export { setPage, type PageSetting } from './shell.ts';
export type { Pages, PageName } from './pages.ts';
export type { PageContext } from './views.ts';

/**
 * Answers with a hosted page: status, security headers, body. The only way to make one.
 * The language is that of the request ({@link localeOf}); what the workspace adds comes from {@link setPage}.
 * @param name a page, which is also the name of its template in `views/`
 * @param model what that page needs; it is copied field by field, so nothing else can reach the template
 */
export async function renderPage<Name extends PageName>(
  ctx: PageContext,
  name: Name,
  model: Pages[Name],
): Promise<void> {
  const locale = localeOf(ctx);
  const say: Say = sayingAs(ctx, locale);
  // TypeScript does not see that the entry and the model go together.
  const present = pageViews[name] as (model: Pages[Name], say: Say, locale: Locale) => PageView;
  const view = present(model, say, locale);
  const nonce = createNonce();
  const shell = buildShell(ctx, {
    name,
    locale,
    level: view.level,
    heading: view.heading,
    isWrong: view.isWrong,
    app: model.app,
    action: view.action,
    nonce,
  });
  ctx.status = model.status ?? view.status;
  setPageHeaders(ctx, { nonce, forms: view.forms, imageOrigins: imageOrigins(view, shell) });
  if (view.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(view.retryAfterSeconds));
  ctx.set('Content-Language', locale);
  await renderView(ctx, name, { shell, model: view.model, t: say });
  ctx.type = 'text/html; charset=utf-8';
}

function imageOrigins(view: PageView, { logoUri, logoDarkUri, icon }: Shell): string[] {
  const origins = new Set(view.imageOrigins);
  for (const uri of [logoUri, logoDarkUri, icon]) {
    const origin = logoOrigin(uri);
    if (origin !== undefined) origins.add(origin);
  }
  return [...origins];
}
