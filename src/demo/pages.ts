import { claimRows, decodeJwt, distanceText, shortened, timeText, type ClaimRow } from './claims.ts';
import type { Failure } from './failure.ts';
import { frame } from './frame.ts';
import { html, type Html } from './html.ts';
import type { SignedIn } from './relying_party.ts';
import type { Notice } from './visits.ts';

/** What every page shows of its surroundings. */
export type Surroundings = {
  readonly issuer: string;
  readonly stylesheet: string;
  readonly person?: { readonly identifier: string; readonly password: string } | undefined;
};

export function startPage(around: Surroundings, notice?: Notice): Html {
  const { person } = around;
  return frame({
    ...common(around),
    name: 'start',
    level: '1',
    heading: 'See what a sign-in gives',
    body: html`
      <p class="lede">
        A small application that keeps no accounts. It sends you to the issuer to sign in, and shows what
        comes back.
      </p>
      ${notice && noticeBox(notice)}
      <div class="actions"><a class="btn main" id="sign-in" href="/sign-in">Sign in</a></div>
      ${
        person &&
        html`<section aria-labelledby="person">
          <h2 id="person">Somebody to sign in as</h2>
          <dl class="ledger">
            <div>
              <dt>E-mail</dt>
              <dd><code>${person.identifier}</code></dd>
            </div>
            <div>
              <dt>Password</dt>
              <dd><code>${person.password}</code></dd>
            </div>
          </dl>
        </section>`
      }
    `,
  });
}

export function failedPage(around: Surroundings, failure: Failure): Html {
  const { title, text, code, description } = failure;
  return frame({
    ...common(around),
    name: 'failed',
    level: '2',
    heading: title,
    body: html`
      <p class="lede">${text}</p>
      ${
        (code ?? description) &&
        html`<dl class="ledger">
          ${
            code &&
            html`<div>
              <dt>Error</dt>
              <dd><code id="error-code">${code}</code></dd>
            </div>`
          }
          ${
            description &&
            html`<div>
              <dt>Description</dt>
              <dd id="error-description">${description}</dd>
            </div>`
          }
        </dl>`
      }
      <div class="actions">
        <a class="btn main" href="/sign-in">Sign in again</a>
        <a class="btn" href="/">Back to the start</a>
      </div>
    `,
  });
}

export function signedInPage(around: Surroundings, signedIn: SignedIn, now: number, notice?: Notice): Html {
  const { idToken, idTokenClaims, userinfo, userinfoAskedAt } = signedIn;
  return frame({
    ...common(around),
    name: 'signed_in',
    level: 'still',
    heading: `Hello, ${nameOf(signedIn)}`,
    aside: html`<p class="aside">
      <strong>Read the source</strong>
      This is a relying party written with <code>openid-client</code>. It lies in <code>src/demo</code>.
    </p>`,
    body: html`
      <p class="lede">You are signed in. This is everything the application has learned.</p>
      <div class="doing">
        ${signedIn.refreshToken === undefined ? undefined : action('/refresh', 'Refresh', 'main')}
        ${action('/userinfo', 'Call userinfo again')}
        <a class="btn" id="account" href="${around.issuer}/account">Your account</a>
        ${action('/sign-out', 'Sign out')}
      </div>
      ${notice && noticeBox(notice)}
      ${section('id-token', 'ID token', 'Says who signed in, when and how. Signed by the issuer.', [
        claimTable(claimRows(idTokenClaims, now)),
        asSent(idToken),
      ])}
      ${section(
        'userinfo',
        'Userinfo',
        `What the issuer answers to the access token. Asked ${distanceText(userinfoAskedAt - now)}.`,
        [claimTable(claimRows(userinfo, now))],
      )}
      ${accessTokenSection(signedIn, now)} ${refreshTokenSection(signedIn)}
    `,
  });
}

function nameOf({ idTokenClaims, userinfo }: SignedIn): string {
  const { name } = idTokenClaims;
  return typeof name === 'string' ? name : (userinfo.name ?? idTokenClaims.sub);
}

function accessTokenSection(
  { accessToken, tokenType, scope, accessTokenExpiresAt }: SignedIn,
  now: number,
): Html {
  const decoded = decodeJwt(accessToken);
  const rows: ClaimRow[] = [
    { name: 'access_token', value: shortened(accessToken), meaning: `${accessToken.length} characters` },
    { name: 'token_type', value: tokenType, meaning: 'How it is sent' },
    ...(scope === undefined ? [] : [{ name: 'scope', value: scope, meaning: 'What it opens' }]),
    ...(accessTokenExpiresAt === undefined
      ? []
      : [
          {
            name: 'expires_in',
            value: String(accessTokenExpiresAt - now),
            time: timeText(accessTokenExpiresAt, now),
          },
        ]),
  ];
  const text = decoded
    ? 'A signed token for an API, which reads and checks it by itself. An application has no business in it; here it is all the same.'
    : 'Opaque: a random value with nothing inside. Only the issuer knows what it stands for, and may end it at any moment.';
  return section('access-token', 'Access token', text, [
    claimTable(rows),
    ...(decoded ? [claimTable(claimRows(decoded.claims, now))] : []),
  ]);
}

function refreshTokenSection({ refreshToken }: SignedIn): Html | undefined {
  if (refreshToken === undefined) return undefined;
  const meaning = `${refreshToken.length} characters`;
  return section(
    'refresh-token',
    'Refresh token',
    'Good for new tokens later. It never leaves the application.',
    [claimTable([{ name: 'refresh_token', value: shortened(refreshToken), meaning }])],
  );
}

function section(id: string, title: string, text: string, content: readonly Html[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <p class="hint">${text}</p>
    ${content}
  </section>`;
}

function claimTable(rows: readonly ClaimRow[]): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col"><span>Claim</span></th>
        <th scope="col"><span>Value</span></th>
        <th scope="col"><span>Meaning</span></th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(claimLine)}
    </tbody>
  </table>`;
}

function claimLine({ name, value, time, meaning }: ClaimRow): Html {
  return html`<tr>
    <th scope="row"><code>${name}</code></th>
    <td>
      <code data-claim="${name}">${value}</code>
      ${time && html`<span class="time">${time}</span>`}
    </td>
    <td class="meaning">${meaning}</td>
  </tr>`;
}

/** The ID token as it came over the wire. Access tokens are never shown whole: whoever holds one may use it. */
function asSent(token: string): Html {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return html`<details>
    <summary>As it was sent</summary>
    <p class="raw"><code>${header}.<b>${claims}</b>.${signature}</code></p>
  </details>`;
}

function action(href: string, label: string, kind = 'side'): Html {
  return html`<form method="post" action="${href}"><button class="btn ${kind}">${label}</button></form>`;
}

function noticeBox({ tone, title, text }: Notice): Html {
  return html`<div class="note ${tone}" role="status">
    <h2>${title}</h2>
    <p>${text}</p>
  </div>`;
}

function common({ issuer, stylesheet }: Surroundings) {
  return {
    stylesheet,
    links: [
      { label: 'Discovery document', href: `${issuer}/.well-known/openid-configuration` },
      { label: 'Keys of the issuer', href: `${issuer}/.well-known/jwks.json` },
    ],
  };
}
