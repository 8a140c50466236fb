import { createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { BenchServer } from './server.ts';

/** One person's browser and application, with nothing but what the protocol needs. */
export type Visitor = {
  /** A new browser signs in; the code is exchanged and userinfo is read. */
  signIn(): Promise<void>;
  sso(): Promise<void>;
  refresh(): Promise<void>;
  userinfo(): Promise<void>;
  introspect(): Promise<void>;
  clientCredentials(): Promise<void>;
  discovery(): Promise<void>;
};

type Answer = { status: number; location: string; body: string };
type Tokens = { access_token: string; refresh_token: string };

export function createVisitor(server: BenchServer, identifier: string): Visitor {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const origin = new URL(server.issuer).origin;
  const basic = `Basic ${btoa(`${server.clientId}:${server.clientSecret}`)}`;
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  let cookies = new Map<string, string>();
  let tokens: Tokens | undefined;

  function call(
    method: string,
    url: string,
    headers: Record<string, string> = {},
    body = '',
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const outgoing = request(new URL(url, origin), {
        method,
        agent,
        headers: {
          ...(cookie === '' ? {} : { cookie }),
          ...(body === ''
            ? {}
            : {
                'content-type': 'application/x-www-form-urlencoded',
                'content-length': String(Buffer.byteLength(body)),
              }),
          ...headers,
        },
      });
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        for (const set of response.headers['set-cookie'] ?? []) {
          const [pair = ''] = set.split(';');
          const at = pair.indexOf('=');
          cookies.set(pair.slice(0, at), pair.slice(at + 1));
        }
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location ?? '',
            body: text,
          }),
        );
      });
      outgoing.end(body);
    });
  }

  const authorize = (extra: Record<string, string> = {}) =>
    call(
      'GET',
      `${server.issuer}/oauth2/authorize?${form({
        client_id: server.clientId,
        redirect_uri: server.redirectUri,
        response_type: 'code',
        scope: 'openid profile email',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...extra,
      })}`,
    );

  async function token(fields: Record<string, string>): Promise<void> {
    const answer = await call(
      'POST',
      `${server.issuer}/oauth2/token`,
      { authorization: basic },
      form(fields),
    );
    tokens = JSON.parse(expectStatus(answer, 200).body) as Tokens;
  }

  const userinfo = async () => {
    const headers = { authorization: `Bearer ${tokens?.access_token ?? ''}` };
    expectStatus(await call('GET', `${server.issuer}/userinfo`, headers), 200);
  };

  return {
    async signIn() {
      cookies = new Map();
      const begun = expectStatus(await authorize(), 303);
      const page = expectStatus(await call('GET', begun.location), 200);
      const action = /<form[^>]* action="([^"]+)"/.exec(page.body)?.[1] ?? '';
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      const fields = form({ identifier, password: server.password, csrf });
      const signedIn = expectStatus(await call('POST', action, {}, fields), 303);
      const resumed = expectStatus(await call('GET', signedIn.location), 303);
      const code = new URL(resumed.location).searchParams.get('code') ?? '';
      await token({
        grant_type: 'authorization_code',
        code,
        redirect_uri: server.redirectUri,
        code_verifier: verifier,
      });
      await userinfo();
    },
    async sso() {
      const answer = expectStatus(await authorize({ prompt: 'none' }), 303);
      if (!answer.location.includes('code=')) throw new Error(`no code: ${answer.location}`);
    },
    refresh: () => token({ grant_type: 'refresh_token', refresh_token: tokens?.refresh_token ?? '' }),
    userinfo,
    async introspect() {
      const body = form({ token: tokens?.access_token ?? '' });
      const answer = await call('POST', `${server.issuer}/oauth2/introspect`, { authorization: basic }, body);
      if (!expectStatus(answer, 200).body.includes('"active":true')) throw new Error('not active');
    },
    async clientCredentials() {
      const authorization = `Basic ${btoa(`management:${server.managementSecret}`)}`;
      const body = form({ grant_type: 'client_credentials' });
      expectStatus(await call('POST', `${server.adminIssuer}/oauth2/token`, { authorization }, body), 200);
    },
    async discovery() {
      expectStatus(await call('GET', `${server.issuer}/.well-known/openid-configuration`), 200);
    },
  };
}

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) {
    throw new Error(`expected ${status}, got ${answer.status}: ${answer.body.slice(0, 300)}`);
  }
  return answer;
}
