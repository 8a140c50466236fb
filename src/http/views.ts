import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ejs from 'ejs';
import type { Context } from 'koa';
import views from 'koa-views';

const root = fileURLToPath(new URL('../../views/', import.meta.url));

/** What rendering needs of a context: ours and oidc-provider's have it. */
export type PageContext = Pick<
  Context,
  'req' | 'query' | 'cookies' | 'get' | 'set' | 'status' | 'type' | 'method' | 'originalUrl'
>;

/** What a template can reach, and nothing else. */
export interface View {
  shell: object;
  model: object;
  t: (...args: never[]) => string;
}

/** Compiled once, when the module is loaded: a template that does not compile stops the start. */
const templates = new Map(
  readdirSync(root)
    .filter((file) => file.endsWith('.ejs'))
    .map((file) => [file, compile(join(root, file))]),
);

function compile(filename: string): (locals: object) => string {
  return ejs.compile(readFileSync(filename, 'utf8'), {
    filename,
    // A partial names another one as a page does.
    views: [root],
    cache: true,
    strict: true,
    localsName: 'page',
    destructuredLocals: ['shell', 'model', 't'],
  });
}

/**
 * koa-views hands its engine one object of options, `ctx.state` and locals. Only our own key is read from it, so
 * that nothing in a request can become an EJS option or a template variable.
 */
const attach = views(root, {
  extension: 'ejs',
  engineSource: {
    ejs: async (path: string, state: { view: View }): Promise<string> => {
      const template = templates.get(basename(path));
      if (!template) throw new Error(`There is no view ${path}`);
      return template({ shell: state.view.shell, model: state.view.model, t: state.view.t });
    },
  },
});

/**
 * Renders `views/{name}.ejs` into the response.
 * koa-views is attached per request: put on `app.context`, it keeps the last request's context in a variable of
 * its own across an await, and may answer one person with another's page.
 */
export async function renderView(page: PageContext, name: string, view: View): Promise<void> {
  // Its type is for a whole context; it uses state, type, body and response.
  const ctx = page as Context;
  if (!ctx.render) await attach(ctx, async () => undefined);
  await ctx.render(`${name}.ejs`, { view });
}
