import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { environmentNames } from '../../src/config.ts';
import { OWN_MESSAGES, variablesOf } from '../../src/messages/catalogue.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { mara } from '../support/demo.ts';
import { OPERATIONS_DOCUMENT, operationsDocument } from '../support/operations_document.ts';
import { freePort, startTestServer, type TestServer } from '../support/server.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const root = resolve(import.meta.dirname, '../..');
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root });
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('documents', () => {
  test('there are some', () => expect(documents.length).toBeGreaterThan(10));

  test.each(documents)('%s links to files and headings that exist', (path) => {
    const links = [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(path, target));
    expect(broken).toEqual([]);
  });

  test('the configuration reference lists exactly the variables that are read', () => {
    const names = [...read('docs/reference/configuration.md').matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)];
    expect(names.map(([, name]) => name).sort()).toEqual([...environmentNames].sort());
  });

  test('the page on messages lists every message with its variables', () => {
    const rows = [
      ...read('docs/how_to/messages_in_your_own_words.md').matchAll(/^\| `([a-z_]+)` \|.*\| (.*)\|$/gm),
    ];
    const told = rows.map(([, name = '', variables = '']) => [
      name,
      ...[...variables.matchAll(/`([^`]+)`/g)].map(([, variable]) => variable),
    ]);
    const known = OWN_MESSAGES.map((name) => [
      name,
      ...variablesOf(name).filter((one) => one !== 'Product.Name'),
    ]);
    expect(told.toSorted()).toEqual(known.toSorted());
  });

  test('the list of operations is the route table', () => {
    expect(read(OPERATIONS_DOCUMENT), '`npm run docs` writes it').toBe(operationsDocument());
  });
});

describe('commands', () => {
  let server: TestServer;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    [server, directory] = await Promise.all([startTestServer(), createTemporaryDirectory()]);
  });
  afterAll(() => Promise.all([server.stop(), directory.remove()]));

  test('of the README: a second pool, a workspace, a client, a connection, a sign-in', async () => {
    const shell = await startShell({ server, directory }, section(read('README.md'), 'Try it'));
    const address = await shell.waitFor(/^http\S+\/oauth2\/authorize\?\S+/m);
    const browser = new Browser();
    await browser.open(address);
    // Of a pool that is not connected here.
    await browser.submit('#login-form', mara);
    expect(browser.document.query('#login-form')).toBeDefined();
    expect(browser.page.body).toContain('That did not work');
    await browser.submit('#login-form', {
      identifier: 'nour@example.test',
      password: 'seven slow rivers meet',
    });
    expect(browser.page.body).toBe('Back to the terminal.');

    const { code, output } = await shell.ended;
    expect(code, output).toBe(0);
    expect(output).toContain('"refresh_token"');
    expect(output).toMatch(/"sub":.*"name":"Nour Haddad".*"email":"nour@example.test"/);
    expect(output.trim().split('\n').at(-1)).toContain('"error":"invalid_grant"');
  });

  test.each(['docs/reference/management_api.md', 'docs/how_to/populations.md'])('of %s', async (document) => {
    const shell = await startShell({ server, directory }, read(document));
    const { code, output } = await shell.ended;
    expect(code, output).toBe(0);
  });

  // They go on where the README's lines end, and in this order.
  test.each([
    'docs/tutorial.md',
    'docs/how_to/connect_a_pool.md',
    'docs/how_to/single_page_application.md',
    'docs/how_to/native_app.md',
    'docs/how_to/server_app.md',
    'docs/how_to/restrict_an_application_to_a_group.md',
    'docs/how_to/rotate_keys.md',
    'docs/how_to/use_your_own_mail_provider.md',
    'docs/how_to/map_a_claim.md',
    'docs/how_to/build_your_own_login_page.md',
    'docs/how_to/messages_in_your_own_words.md',
  ])('of %s, after those of the README', async (document) => {
    const shell = await startShell({ server, directory }, `${tokenAndShortcuts()}\n${read(document)}`);
    const { code, output } = await shell.ended;
    expect(code, output).toBe(0);
  });

  test('of docs/how_to/protect_an_api.md, with the API that is written there', async () => {
    const port = String(await freePort());
    const document = read('docs/how_to/protect_an_api.md').replaceAll('3001', port);
    const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(document) ?? [];
    symlinkSync(join(root, 'node_modules'), join(directory.path, 'node_modules'));
    const file = join(directory.path, 'api.mjs');
    writeFileSync(file, code.replaceAll('http://localhost:8080', server.publicUrl));
    const api = spawn(process.execPath, [file], { stdio: 'inherit' });
    onTestFinished(() => void api.kill());
    await expect.poll(() => statusOf(`http://localhost:${port}/`)).toBe(401);

    const shell = await startShell({ server, directory }, `${tokenAndShortcuts()}\n${document}`);
    const { code: ended, output } = await shell.ended;
    expect(ended, output).toBe(0);
    expect(output).toContain('{"orders":[],"for":"nightly","through":"nightly"}');
  });
});

type Place = { readonly server: TestServer; readonly directory: TemporaryDirectory };

type Shell = {
  readonly waitFor: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<{ code: number | null; output: string }>;
};

/** Runs the `sh` blocks of a document as one script, against this server instead of the one a reader has. */
async function startShell({ server, directory }: Place, markdown: string): Promise<Shell> {
  const { managementClient } = server.credentials ?? {};
  if (!managementClient) throw new Error('a first start shows its credentials');
  const callbackPort = await freePort();
  const script = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, block]) => block)
    .join('\n')
    .replaceAll('http://localhost:8080', server.publicUrl)
    .replaceAll('put-the-printed-secret-here', managementClient.secret)
    .replaceAll('9999', String(callbackPort));
  const child = spawn('bash', ['-eu', '-o', 'pipefail', '-c', script], {
    cwd: directory.path,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // What still waits for a browser after a failure, the shell's own children included.
  onTestFinished(() => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid);
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const ended = new Promise<{ code: number | null; output: string }>((done) => {
    child.once('close', (code) => done({ code, output }));
  });
  return {
    ended,
    async waitFor(pattern) {
      await expect.poll(() => output, { timeout: 15_000 }).toMatch(pattern);
      return pattern.exec(output)?.[0] ?? '';
    },
  };
}

/** What every page that goes on from the README begins with. */
const tokenAndShortcuts = (): string => section(read('README.md'), 'Try it').split(/^Create/m, 1)[0] ?? '';

const statusOf = (address: string): Promise<number | undefined> =>
  fetch(address).then(
    ({ status }) => status,
    () => undefined,
  );

const section = (markdown: string, heading: string): string =>
  markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';

const withoutCode = (markdown: string): string =>
  markdown.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '');

function leadsSomewhere(from: string, target: string): boolean {
  const [path = '', heading] = target.split('#');
  const file = path === '' ? join(root, from) : join(root, dirname(from), path);
  if (!existsSync(file)) return false;
  return heading === undefined || anchors(readFileSync(file, 'utf8')).includes(heading);
}

/** The anchors that headings get where Markdown is shown. */
const anchors = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
