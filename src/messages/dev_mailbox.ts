import type { Context, Middleware } from 'koa';
import type { Knex } from 'knex';
import type { Config } from '../config.ts';
import { notFound } from '../http/errors.ts';
import { renderPage } from '../http/render.ts';
import type { Sealer } from '../security/seal.ts';
import { contentInputOf, ownWordsOf } from './deliver.ts';
import { newestMessages, type MailboxRow } from './mailbox_store.ts';
import { renderMail, renderSms } from './render_message.ts';

export type DevMailboxDeps = {
  readonly knex: Knex;
  readonly sealer: Sealer;
  readonly config: Pick<Config, 'env' | 'publicUrl'>;
};

const PAGE = '/dev/mailbox';
const NEWEST = 50;

/**
 * Koa middleware: what the server has sent, as a page, as JSON and one by one as mails. It shows codes, so it is
 * absent in production and for every caller that is not on this machine. Expects `hostGuard` above it.
 */
export function serveDevMailbox({ knex, sealer, config }: DevMailboxDeps): Middleware {
  const host = new URL(config.publicUrl).hostname;
  return async (ctx, next) => {
    if (ctx.path !== PAGE && ctx.path !== `${PAGE}.json` && !ctx.path.startsWith(`${PAGE}/`)) return next();
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (config.env === 'production' || !isFromThisMachine(ctx) || !isRead) throw notFound();
    ctx.set('Cache-Control', 'no-store');
    if (ctx.path.startsWith(`${PAGE}/`)) return showMail(ctx, { knex, sealer });
    const to = typeof ctx.query.to === 'string' ? ctx.query.to : undefined;
    const rows = await newestMessages(knex, { ...(to !== undefined && { to }), limit: NEWEST });
    const letters = await Promise.all(rows.map((row) => letterOf({ knex, sealer, host }, row)));
    if (ctx.path === PAGE) await renderPage(ctx, 'dev_mailbox', { letters: letters.map(pageLetter) });
    else ctx.body = { messages: letters.map(jsonLetter) };
  };
}

type Letter = Awaited<ReturnType<typeof letterOf>>;
type Reading = Pick<DevMailboxDeps, 'knex' | 'sealer'>;

async function letterOf({ knex, sealer, host }: Reading & { readonly host: string }, row: MailboxRow) {
  const input = contentInputOf(sealer, row);
  const own = await ownWordsOf(knex, row, input);
  const mail = renderMail(input, row.channel === 'email' ? own : undefined);
  const { code, link } = input.values;
  return {
    row,
    locale: input.locale,
    subject: mail.subject,
    text: row.channel === 'sms' ? renderSms(input, host, own) : mail.text,
    code,
    link,
  };
}

const pageLetter = ({ row, subject, text, code, link }: Letter) => ({
  id: row.messageId,
  channel: row.channel,
  to: row.recipient,
  subject,
  text,
  status: row.status,
  at: row.createdAt,
  code,
  link,
  isGone: row.sealedValues === null,
  mailHref: row.channel === 'email' ? `${PAGE}/${row.messageId}` : undefined,
});

const jsonLetter = ({ row, locale, subject, text, code, link }: Letter) => ({
  id: row.messageId,
  tenant_id: row.tenantId,
  pool_id: row.poolId,
  user_id: row.userId,
  workspace_id: row.workspaceId,
  template: row.template,
  channel: row.channel,
  to: row.recipient,
  locale,
  status: row.status,
  created_at: row.createdAt.toISOString(),
  subject,
  text,
  code: code ?? null,
  link: link ?? null,
});

/** The HTML of a mail as its reader gets it, in a sandbox of its own: it may style itself and nothing else. */
async function showMail(ctx: Context, { knex, sealer }: Reading): Promise<void> {
  const [row] = await newestMessages(knex, { id: ctx.path.slice(PAGE.length + 1), limit: 1 });
  if (row === undefined || row.channel !== 'email') throw notFound();
  ctx.set(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
      "frame-ancestors 'none'; sandbox allow-popups allow-top-navigation-by-user-activation",
  );
  ctx.type = 'text/html; charset=utf-8';
  const input = contentInputOf(sealer, row);
  ctx.body = renderMail(input, await ownWordsOf(knex, row, input)).html;
}

/** Not through a proxy either: one on this machine, or a tunnel, would bring in the whole world. */
function isFromThisMachine(ctx: Context): boolean {
  const isLoopback = ctx.ip === '::1' || ctx.ip.startsWith('127.');
  return isLoopback && !ctx.req.rawHeaders.some((name) => /^(?:x-)?forwarded(?:-for)?$/i.test(name));
}
