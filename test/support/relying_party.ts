import * as client from 'openid-client';
import { Browser, type Page } from './browser_without_javascript.ts';

export type RelyingPartyOptions = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly redirectUri: string;
  readonly scope?: string;
};

/** A standard OpenID Connect client, `openid-client` with its defaults, together with a person's browser. */
export class RelyingParty {
  readonly options: RelyingPartyOptions;
  readonly config: client.Configuration;
  readonly browser: Browser;

  private constructor(options: RelyingPartyOptions, config: client.Configuration, browser: Browser) {
    this.options = options;
    this.config = config;
    this.browser = browser;
  }

  static async discover(options: RelyingPartyOptions, browser?: Browser): Promise<RelyingParty> {
    const config = await client.discovery(
      new URL(options.issuer),
      options.clientId,
      options.clientSecret,
      options.clientSecret === undefined ? client.None() : undefined,
      { execute: [client.allowInsecureRequests] },
    );
    return new RelyingParty(options, config, browser ?? RelyingParty.browserFor(options));
  }

  /** A new browser that stops where the issuer's origin ends: at the application. */
  static browserFor({ issuer }: Pick<RelyingPartyOptions, 'issuer'>): Browser {
    return new Browser({ stopAt: (url) => url.origin !== new URL(issuer).origin });
  }

  /** Opens the authorization endpoint; what comes back may be a page or, with a session, the callback. */
  async begin(parameters: Record<string, string> = {}): Promise<Flow> {
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    const url = client.buildAuthorizationUrl(this.config, {
      redirect_uri: this.options.redirectUri,
      scope: this.options.scope ?? 'openid profile email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...parameters,
    });
    const page = await this.browser.open(url);
    return { page, verifier, state, nonce, url };
  }

  /** Signs in with identifier and password on the page that is shown; ends at the callback. */
  async signIn(
    person: { identifier: string; password: string },
    parameters: Record<string, string> = {},
  ): Promise<SignedIn> {
    const flow = await this.begin(parameters);
    const end = flow.page.stoppedAt
      ? flow.page
      : await this.browser.submit('#login-form', {
          identifier: person.identifier,
          password: person.password,
        });
    return this.finish(flow, end);
  }

  /** Exchanges the code that the browser was sent back with. */
  async finish(flow: Flow, end: Page): Promise<SignedIn> {
    if (!end.stoppedAt) {
      throw new Error(
        `not sent back to the application: ${end.status} ${end.url.href}\n${end.body.slice(0, 2000)}`,
      );
    }
    const tokens = await client.authorizationCodeGrant(this.config, end.stoppedAt, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
    });
    return { tokens, claims: tokens.claims() ?? {}, callback: end.stoppedAt };
  }
}

export type Flow = { page: Page; verifier: string; state: string; nonce: string; url: URL };
export type SignedIn = {
  tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>;
  claims: Record<string, unknown>;
  callback: URL;
};

export { client };
