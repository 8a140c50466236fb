import type Koa from 'koa';
import { createHttpServer, drainHttpServer, listen } from '../http_server.ts';
import { createDemoApp } from './app.ts';
import { RelyingParty } from './relying_party.ts';
import { createVisits } from './visits.ts';

export type DemoOptions = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** 0 takes a free one; the issuer must know the redirect URI all the same. */
  readonly port: number;
  readonly host: string;
  /** Somebody to sign in as, whom the start page names. */
  readonly person?: { readonly identifier: string; readonly password: string };
  readonly onWarning: (message: string, error?: unknown) => void;
};

export type Demo = { readonly url: string; close(): Promise<void> };

// Pages are small and quickly made: whoever still waits waits for the issuer.
const DRAIN_TIMEOUT_MS = 1_000;

/**
 * Serves the demo application, at `http://localhost` and its port. It asks the issuer for nothing before somebody
 * signs in. Rejects when the port is taken.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { issuer, clientId, clientSecret, host, person, onWarning } = options;
  let answer: ReturnType<Koa['callback']> | undefined;
  const server = createHttpServer((request, response) => void answer?.(request, response));
  const port = await listen(server, options.port, host);
  const url = `http://localhost:${port}`;
  const relyingParty = new RelyingParty({
    issuer,
    clientId,
    clientSecret,
    redirectUri: `${url}/callback`,
    postLogoutRedirectUri: `${url}/`,
  });
  const app = createDemoApp({
    relyingParty,
    // Browsers share the cookies of one host among its ports.
    visits: createVisits(`demo_${port}`),
    url,
    surroundings: { issuer, person },
    onWarning,
  });
  answer = app.callback();
  return {
    url,
    async close() {
      await drainHttpServer(server, DRAIN_TIMEOUT_MS);
    },
  };
}
