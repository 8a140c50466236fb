import { parseEmail } from '../../credentials/identifier.ts';
import { renderPage, setPage } from '../../http/render.ts';
import { type ConnectedPool, usableConnections } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { showPoolChooser } from './choose_pool.ts';
import { offeredConnections } from './connections.ts';
import { matchConnection } from './matched.ts';
import { beginWith, MAX_IDENTIFIER_LENGTH } from './sign_in_page.ts';

/** Asks for the name that decides which connection somebody gets (contract 7.3). */
export async function showDiscover(
  deps: FlowDeps,
  journey: Journey,
  { error }: { readonly error?: 'missing' } = {},
): Promise<void> {
  const { ctx, app, interaction, path } = journey;
  const hint = interaction.params.login_hint;
  setPage(ctx, { selfHref: path('pool') });
  await renderPage(ctx, 'discover', {
    action: path('pool'),
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    identifier: typeof hint === 'string' ? hint.slice(0, MAX_IDENTIFIER_LENGTH) : '',
    ...(error === undefined ? {} : { error }),
  });
}

/**
 * Goes on with a name: by its domain, else by who is known by it, else to the connections that take everybody. Where
 * it leads follows from the text alone, or does not show: nobody learns who is here.
 */
export async function discover(deps: FlowDeps, journey: Journey, given: string): Promise<void> {
  const typed = given.slice(0, MAX_IDENTIFIER_LENGTH);
  if (typed.trim() === '') return showDiscover(deps, journey, { error: 'missing' });
  const domain = parseEmail(typed)?.domain;
  const { snapshot } = journey.server;
  const usable = usableConnections(snapshot);
  const ofDomain = usable.filter(
    ({ discovery }) => domain !== undefined && discovery.domains.includes(domain),
  );
  if (ofDomain.length > 0) return lead(deps, journey, ofDomain, typed);
  const matched = await matchConnection(deps, journey, typed);
  if (matched !== undefined) return beginWith(deps, journey, matched, { identifier: typed });
  const offered = offeredConnections(snapshot);
  const fallback = offered.filter(({ discovery }) => discovery.fallbackProvider);
  return lead(deps, journey, fallback.length > 0 ? fallback : offered, typed);
}

/** Straight on where there is one that says so, else to the choice among what was found. */
function lead(
  deps: FlowDeps,
  journey: Journey,
  found: readonly ConnectedPool[],
  typed: string,
): Promise<void> {
  const [only] = found;
  return only !== undefined && found.length === 1 && only.discovery.instantRedirect
    ? beginWith(deps, journey, only, { identifier: typed })
    : showPoolChooser(deps, journey, { among: found, identifier: typed });
}
