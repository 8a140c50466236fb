import { SealError } from '../../security/seal.ts';
import type { CodeFrame } from '../codes/frame.ts';
import type { FlowDeps } from '../deps.ts';

// Long enough for a mail to arrive. On a device that several people use, whoever comes later is asked anew.
const REMEMBERED_MS = 30 * 60 * 1000;
const MAX_LENGTH = 512;

type Remembered = { readonly userId: string; readonly at: number };

const name = (deps: FlowDeps) => (deps.secureCookies ? '__Secure-weir_registered' : 'weir_registered');

const place = ({ scope }: CodeFrame): string => `registered:${scope.tenantId}/${scope.poolId}`;

/**
 * Remembers which account this browser has registered: what was chosen there stays when the link is opened in it,
 * and goes when it is opened anywhere else (rule 28). For a name that was taken, one that leads nowhere.
 */
export function rememberRegistration(deps: FlowDeps, frame: CodeFrame, userId: string): void {
  const remembered: Remembered = { userId, at: Date.now() };
  frame.ctx.cookies.set(name(deps), deps.sealer.seal(JSON.stringify(remembered), place(frame)), {
    path: `/${frame.scope.tenantId}/`,
    httpOnly: true,
    sameSite: 'lax',
    secure: deps.secureCookies,
    // It is sealed.
    signed: false,
  });
}

/** The account that this browser has registered in this pool a short while ago. */
export function registeredHere(deps: FlowDeps, frame: CodeFrame): string | undefined {
  const sealed = frame.ctx.cookies.get(name(deps), { signed: false });
  if (sealed === undefined || sealed.length > MAX_LENGTH) return undefined;
  try {
    const { userId, at } = JSON.parse(deps.sealer.open(sealed, place(frame))) as Remembered;
    return at + REMEMBERED_MS > Date.now() ? userId : undefined;
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}
