import { setTimeout as sleep } from 'node:timers/promises';
import * as client from 'openid-client';

export type RelyingPartyOptions = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
};

/** What is kept between sending a browser away and its return. */
export type SignInAttempt = { readonly state: string; readonly nonce: string; readonly verifier: string };

/** Everything that a sign-in gave. Times are seconds since 1970. */
export type SignedIn = {
  readonly idToken: string;
  readonly idTokenClaims: client.IDToken;
  readonly accessToken: string;
  readonly tokenType: string;
  readonly scope: string | undefined;
  readonly accessTokenExpiresAt: number | undefined;
  readonly refreshToken: string | undefined;
  readonly userinfo: client.UserInfoResponse;
  readonly userinfoAskedAt: number;
};

const SCOPE = 'openid profile email';
// The issuer may live in this very process and still be starting.
const DISCOVERY_ATTEMPTS = 5;
const DISCOVERY_PAUSE_MS = 300;
const REQUEST_TIMEOUT_SECONDS = 5;

/** The application's side of OpenID Connect: what a program that signs people in with Weir has to do. */
export class RelyingParty {
  readonly #options: RelyingPartyOptions;
  #discovered: Promise<client.Configuration> | undefined;

  constructor(options: RelyingPartyOptions) {
    this.#options = options;
  }

  /** Where to send the browser, and what to remember until it is back. */
  async beginSignIn(): Promise<{ url: URL; attempt: SignInAttempt }> {
    const config = await this.#configuration();
    const attempt = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: this.#options.redirectUri,
      scope: SCOPE,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    });
    return { url, attempt };
  }

  /** Exchanges the code of the address that the browser came back to. Throws what `openid-client` throws. */
  async finishSignIn(callback: URL, attempt: SignInAttempt): Promise<SignedIn> {
    const config = await this.#configuration();
    const tokens = await client.authorizationCodeGrant(config, callback, {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.verifier,
      idTokenExpected: true,
    });
    const idTokenClaims = tokens.claims();
    if (idTokenClaims === undefined || tokens.id_token === undefined) throw new Error('no ID token');
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, idTokenClaims.sub);
    return {
      ...tokenFields(tokens),
      idToken: tokens.id_token,
      idTokenClaims,
      refreshToken: tokens.refresh_token,
      userinfo,
      userinfoAskedAt: epochSeconds(),
    };
  }

  /** Exchanges the refresh token. What the answer leaves out stays (RFC 6749 §6, OpenID Connect Core §12.2). */
  async refresh(signedIn: SignedIn): Promise<SignedIn> {
    if (signedIn.refreshToken === undefined) throw new Error('no refresh token');
    const tokens = await client.refreshTokenGrant(await this.#configuration(), signedIn.refreshToken);
    const idTokenClaims = tokens.claims() ?? signedIn.idTokenClaims;
    if (idTokenClaims.sub !== signedIn.idTokenClaims.sub) throw new Error('tokens of somebody else');
    return {
      ...signedIn,
      ...tokenFields(tokens),
      idToken: tokens.id_token ?? signedIn.idToken,
      idTokenClaims,
      scope: tokens.scope ?? signedIn.scope,
      refreshToken: tokens.refresh_token ?? signedIn.refreshToken,
    };
  }

  /** Asks the issuer about the person once more. */
  async askUserinfo(signedIn: SignedIn): Promise<SignedIn> {
    const { accessToken, idTokenClaims } = signedIn;
    const userinfo = await client.fetchUserInfo(await this.#configuration(), accessToken, idTokenClaims.sub);
    return { ...signedIn, userinfo, userinfoAskedAt: epochSeconds() };
  }

  /** Where to send the browser to end the session at the issuer as well (RP-Initiated Logout 1.0 §2). */
  async signOutUrl(signedIn: SignedIn, state: string): Promise<URL> {
    return client.buildEndSessionUrl(await this.#configuration(), {
      id_token_hint: signedIn.idToken,
      post_logout_redirect_uri: this.#options.postLogoutRedirectUri,
      state,
    });
  }

  /** Discovery, once; a failure is not kept. */
  async #configuration(): Promise<client.Configuration> {
    this.#discovered ??= this.#discover();
    try {
      return await this.#discovered;
    } catch (error) {
      this.#discovered = undefined;
      throw error;
    }
  }

  async #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    const url = new URL(issuer);
    const isPlain = url.protocol === 'http:';
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await client.discovery(url, clientId, clientSecret, undefined, {
          // For http on this machine only; `openid-client` insists on https otherwise.
          execute: isPlain ? [client.allowInsecureRequests] : [],
          timeout: REQUEST_TIMEOUT_SECONDS,
        });
      } catch (error) {
        if (attempt === DISCOVERY_ATTEMPTS) throw error;
        await sleep(DISCOVERY_PAUSE_MS);
      }
    }
  }
}

type Tokens = Awaited<ReturnType<typeof client.refreshTokenGrant>>;

function tokenFields(tokens: Tokens) {
  const expiresIn = tokens.expiresIn();
  return {
    accessToken: tokens.access_token,
    tokenType: tokens.token_type,
    scope: tokens.scope,
    accessTokenExpiresAt: expiresIn === undefined ? undefined : epochSeconds() + expiresIn,
  };
}

export const epochSeconds = (): number => Math.floor(Date.now() / 1000);
