import { randomBytes } from 'node:crypto';
import Koa, { type Context } from 'koa';
import { serveAssets } from '../http/assets.ts';
import { shortened, timeText } from './claims.ts';
import { explain, isEnded, strayCallback, type Failure } from './failure.ts';
import { html, type Html } from './html.ts';
import { failedPage, signedInPage, startPage, type Surroundings } from './pages.ts';
import { epochSeconds, type RelyingParty, type SignedIn } from './relying_party.ts';
import { serveStylesheet, stylesheetPath } from './stylesheet.ts';
import { inOrder, rememberAttempt, takeAttempt, type Notice, type Visit, type Visits } from './visits.ts';

export type DemoAppDeps = {
  readonly relyingParty: RelyingParty;
  readonly visits: Visits;
  /** The origin under which the application is registered at the issuer, without a trailing slash. */
  readonly url: string;
  readonly surroundings: Omit<Surroundings, 'stylesheet'>;
  readonly onWarning: (message: string, error?: unknown) => void;
};

type Handler = (ctx: Context) => Promise<void>;

/** The routes of the demo application. */
export function createDemoApp(deps: DemoAppDeps): Koa {
  const { relyingParty, visits, url, onWarning } = deps;
  const around: Surroundings = { ...deps.surroundings, stylesheet: stylesheetPath };

  const fail = (ctx: Context, failure: Failure, status = 400) =>
    show(ctx, failedPage(around, failure), status);

  const failWith = (ctx: Context, error: unknown): void => {
    const failure = explain(error, around.issuer);
    if (!failure.expected) onWarning(`the demo application: ${failure.title}`, error);
    fail(ctx, failure, failure.expected ? 400 : 502);
  };

  const routes: Record<string, Handler> = {
    'GET /': async (ctx) => {
      const visit = visits.find(ctx);
      if (visit?.leaving !== undefined && ctx.query['state'] === visit.leaving) {
        visit.leaving = undefined;
        visit.notice = signedOutNotice;
        return ctx.redirect('/');
      }
      const notice = takeNotice(visit);
      const page = visit?.signedIn
        ? signedInPage(around, visit.signedIn, epochSeconds(), notice)
        : startPage(around, notice);
      show(ctx, page);
    },

    'GET /sign-in': async (ctx) => {
      const { url: target, attempt } = await relyingParty.beginSignIn();
      rememberAttempt(visits.findOrOpen(ctx), attempt);
      ctx.redirect(target.href);
    },

    'GET /callback': async (ctx) => {
      const visit = visits.find(ctx);
      const callback = new URL(ctx.originalUrl, url);
      const attempt = takeAttempt(visit, callback.searchParams.get('state'));
      if (!visit || !attempt) return fail(ctx, strayCallback);
      visit.signedIn = await relyingParty.finishSignIn(callback, attempt);
      visits.renew(ctx, visit);
      ctx.redirect('/');
    },

    'POST /refresh': whenSignedIn(async (visit, signedIn) => {
      try {
        visit.signedIn = await relyingParty.refresh(signedIn);
      } catch (error) {
        if (isEnded(error)) visit.signedIn = undefined;
        throw error;
      }
      visit.notice = refreshNotice(signedIn, visit.signedIn);
    }),

    'POST /userinfo': whenSignedIn(async (visit, signedIn) => {
      visit.signedIn = await relyingParty.askUserinfo(signedIn);
      visit.notice = userinfoNotice(visit.signedIn.userinfoAskedAt);
    }),

    'POST /sign-out': whenSignedIn(async (visit, signedIn) => {
      const state = randomBytes(16).toString('base64url');
      const target = await relyingParty.signOutUrl(signedIn, state);
      visit.signedIn = undefined;
      visit.leaving = state;
      return target;
    }),
  };

  /** Does something with the tokens of the browser that asks, then leads to `/` or to where it says. */
  function whenSignedIn(act: (visit: Visit, signedIn: SignedIn) => Promise<URL | void>): Handler {
    return async (ctx) => {
      if (isForeign(ctx)) return fail(ctx, foreignForm, 403);
      const visit = visits.find(ctx);
      const target =
        visit && (await inOrder(visit, async () => visit.signedIn && act(visit, visit.signedIn)));
      ctx.status = 303;
      ctx.redirect(target?.href ?? '/');
    };
  }

  const app = new Koa();
  // Failures are answered and reported above; Koa would print those of broken connections too.
  app.silent = true;
  app.use(securityHeaders(new URL(around.issuer).origin));
  app.use(oneOrigin(url));
  app.use(serveAssets());
  app.use(serveStylesheet());
  app.use(async (ctx) => {
    const handler = routes[`${ctx.method === 'HEAD' ? 'GET' : ctx.method} ${ctx.path}`];
    if (!handler) return fail(ctx, notFound, 404);
    try {
      await handler(ctx);
    } catch (error) {
      failWith(ctx, error);
    }
  });
  return app;
}

function show(ctx: Context, page: Html, status = 200): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = page.markup;
}

/** No script at all, and forms lead nowhere but here and, for signing out, to the issuer. */
function securityHeaders(issuerOrigin: string): Koa.Middleware {
  const policy = [
    `default-src 'none'`,
    `style-src 'self'`,
    `img-src 'self'`,
    `form-action 'self' ${issuerOrigin}`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
  return async (ctx, next) => {
    ctx.set({
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Cross-Origin-Opener-Policy': 'same-origin',
    });
    await next();
  };
}

/** The issuer sends browsers back to one origin; whoever came by another name starts there, with its cookie. */
function oneOrigin(url: string): Koa.Middleware {
  const { host } = new URL(url);
  return async (ctx, next) => {
    if (ctx.get('Host') === host) return next();
    ctx.redirect(`${url}/`);
  };
}

/** True for a form that another site's page has sent. Every browser of today says where a request comes from. */
function isForeign(ctx: Context): boolean {
  return !['same-origin', 'none', ''].includes(ctx.get('Sec-Fetch-Site'));
}

function takeNotice(visit: Visit | undefined): Notice | undefined {
  const notice = visit?.notice;
  if (visit) visit.notice = undefined;
  return notice;
}

const signedOutNotice: Notice = {
  tone: 'good',
  title: 'Signed out',
  text: 'The application has forgotten you, and the issuer has ended your session.',
};

const userinfoNotice = (at: number): Notice => ({
  tone: 'good',
  title: 'Userinfo called',
  text: `The issuer answered on ${timeText(at, at)}.`,
});

function refreshNotice(before: SignedIn, after: SignedIn): Notice {
  const rotated = before.refreshToken !== after.refreshToken;
  return {
    tone: 'good',
    title: 'Refreshed',
    text: html`The access token was <code>${shortened(before.accessToken)}</code> and is now
      <code>${shortened(after.accessToken)}</code>.
      ${rotated ? 'The refresh token is new as well; the old one is used up.' : 'The refresh token stays.'}`,
  };
}

const notFound: Failure = {
  title: 'Nothing is here',
  text: 'The application has one page, and this is not it.',
  expected: true,
};

const foreignForm: Failure = {
  title: 'This came from another site',
  text: 'Only the application itself may ask for that.',
  expected: true,
};
