import type { Mechanism } from '../../pools/pool.ts';
import { SealError } from '../../security/seal.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';

/** How somebody wants to sign in here the next time too. */
export type Choice = { readonly connectionId: string; readonly method?: Mechanism | undefined };

const COOKIE = 'weir_choice';
const REMEMBERED_SECONDS = 180 * 24 * 3600;
// Sealed texts are as long as what is in them: filled up to one length, they do not tell one choice from another.
const FILLED_LENGTH = 192;
const MAX_LENGTH = 1024;

const place = ({ server: { snapshot } }: Journey): string =>
  `sign_in_choice:${snapshot.tenantId}/${snapshot.workspaceId}`;

/** What was remembered in this browser for this workspace; whoever holds the cookie reads nothing in it. */
export function rememberedChoice({ sealer }: FlowDeps, journey: Journey): Choice | undefined {
  const sealed = journey.ctx.cookies.get(COOKIE, { signed: false });
  if (sealed === undefined || sealed.length > MAX_LENGTH) return undefined;
  try {
    return JSON.parse(sealer.open(sealed, place(journey)).trimEnd()) as Choice;
  } catch (error) {
    // Of another workspace or an old key: nothing was remembered.
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

/** Remembers a choice, or forgets the one there is. */
export function rememberChoice(
  { sealer, secureCookies }: FlowDeps,
  journey: Journey,
  choice: Choice | undefined,
): void {
  const { tenantId, workspaceId } = journey.server.snapshot;
  const sealed = choice && sealer.seal(JSON.stringify(choice).padEnd(FILLED_LENGTH), place(journey));
  journey.ctx.cookies.set(COOKIE, sealed ?? null, {
    path: `/${tenantId}/${workspaceId}`,
    ...(sealed === undefined ? {} : { maxAge: REMEMBERED_SECONDS * 1000 }),
    httpOnly: true,
    sameSite: 'lax',
    secure: secureCookies,
    signed: false,
  });
}
