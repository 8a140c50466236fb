import type { Say } from './page_views.ts';
import type { AppLabel } from './pages.ts';
import { safeHref } from './safe_addresses.ts';

/** The link back to the application; undefined where there is none that a page may lead to. */
export function backLink(
  href: string | undefined,
  app: AppLabel | undefined,
  say: Say,
): { href: string; label: string } | undefined {
  const target = safeHref(href);
  if (target === undefined) return undefined;
  return { href: target, label: app ? say('app.back', { app: app.name }) : say('app.back_unnamed') };
}
