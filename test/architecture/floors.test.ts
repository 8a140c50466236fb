import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

// CONTRIBUTING.md, "The floors": lowest first. A name with a slash at its end is a folder of src.
const FLOORS: readonly (readonly string[])[] = [
  [
    'config.ts',
    'config_schema.ts',
    'bootstrap_description.ts',
    'local_secrets.ts',
    'durable_file.ts',
    'domain_error.ts',
    'dependents.ts',
    'duration.ts',
    'moment.ts',
    'free_map.ts',
    'choices.ts',
    'strict_json.ts',
    'db/',
    'observability/',
    'open_database.ts',
  ],
  ['events/', 'messages/enqueue.ts', 'messages/message.ts', 'messages/outbox_store.ts', 'security/', 'i18n/'],
  [
    'tenants/',
    'workspaces/',
    'clients/',
    'pools/',
    'schemas/',
    'users/',
    'groups/',
    'imports/',
    'exports/',
    'connections/',
    'branding/',
    'claims/',
    'access/',
    'roles/',
    'credentials/',
    'sessions/',
    'messages/masked_address.ts',
    'messages/message_list_store.ts',
    'messages/message_service.ts',
    'messages/transports/',
    'messages/channels/',
    'messages/destinations.ts',
    'messages/render_message.ts',
    'messages/content.ts',
    'messages/catalogue.ts',
    'messages/variables.ts',
    'messages/templates/',
    'messages/plain_name.ts',
    'domain.ts',
  ],
  ['http/', 'oidc/', 'messages/'],
  ['flows/', 'api/', 'jobs/'],
  [
    'server.ts',
    'workspace_routes.ts',
    'bootstrap.ts',
    'installation/',
    'http_server.ts',
    'shutdown.ts',
    'web_server.ts',
    'workers.ts',
    'start_summary.ts',
    'demo/',
    'configuration/',
    'cli/',
  ],
  ['main.ts'],
];
const DOMAIN_FLOOR = 2;

// Announces changes inside the transaction of whichever service makes them, so it belongs to no single store.
const SQL_BESIDE_THE_STORES = ['src/workspaces/config_change.ts'];

type Source = { readonly path: string; readonly text: string };

function sources(folder: string, extension: RegExp): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => extension.test(name))
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

const typescript = sources('src', /\.ts$/);

function importsOf({ text }: Source): string[] {
  return [
    ...text.matchAll(
      /(?:^|\s)(?:import|export)\b[^;'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'|^import\s+'([^']+)'/gm,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** The longest name wins: `messages/enqueue.ts` before `messages/`. */
function floorOf(path: string): number {
  const name = path.replace(/^src\//, '');
  const candidates = FLOORS.flatMap((names, floor) => names.map((prefix) => ({ prefix, floor })));
  const matches = candidates.filter(({ prefix }) =>
    prefix.endsWith('/') ? name.startsWith(prefix) : name === prefix,
  );
  const best = matches.toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
  return best?.floor ?? -1;
}

const offenders = (isOffender: (source: Source) => boolean, from = typescript) =>
  from.filter(isOffender).map(({ path }) => path);

describe('the floors', () => {
  it('know every file', () => {
    expect(typescript.length).toBeGreaterThan(50);
    expect(offenders(({ path }) => floorOf(path) === -1)).toEqual([]);
  });

  it('are not climbed by an import', () => {
    const climbs = typescript.flatMap((source) =>
      importsOf(source)
        .filter((target) => target.startsWith('.') && target.endsWith('.ts'))
        .map((target) => relative(ROOT, join(ROOT, dirname(source.path), target)))
        .filter((target) => floorOf(target) > floorOf(source.path))
        .map((target) => `${source.path} -> ${target}`),
    );
    expect(climbs).toEqual([]);
  });

  it('are seen by this test at all', () => {
    const source = {
      path: 'src/db/x.ts',
      text: `import type { A } from '../server.ts';\nconst b = await import('../main.ts');`,
    };
    expect(importsOf(source)).toEqual(['../server.ts', '../main.ts']);
  });

  it('keep HTTP and OAuth out of the domain', () => {
    const isWeb = (name: string) => /^(koa|@koa\/|oidc-provider)/.test(name);
    expect(
      offenders((source) => floorOf(source.path) === DOMAIN_FLOOR && importsOf(source).some(isWeb)),
    ).toEqual([]);
  });

  it('leave oidc-provider to src/oidc', () => {
    const imports = (source: Source) => importsOf(source).some((name) => name.startsWith('oidc-provider'));
    expect(offenders((source) => imports(source) && !source.path.startsWith('src/oidc/'))).toEqual([]);
  });
});

describe('the conventions', () => {
  it('leave the environment to config.ts and the launcher', () => {
    const all = [...typescript, ...sources('migrations', /\.ts$/), ...sources('bin', /\.mjs$/)];
    const reads = offenders(({ text }) => /process\s*\.\s*env\b|process\[/.test(text), all);
    expect(reads.toSorted()).toEqual(['bin/weir.mjs', 'src/config.ts']);
  });

  it('keep SQL in stores, db and migrations', () => {
    const SQL =
      /\.raw\s*[(<`]|['`]\s*(?:select\b[^'`]*\bfrom|insert into|update\s+\S+\s+(?:\w+\s+)?set|delete from|with\s+\w+\s+as\s*\()\b/i;
    const isHome = (path: string) =>
      path.endsWith('_store.ts') ||
      /^src\/(db|sessions)\//.test(path) ||
      SQL_BESIDE_THE_STORES.includes(path);
    expect(offenders(({ path, text }) => SQL.test(text) && !isHome(path))).toEqual([]);
  });

  it('render every value escaped', () => {
    const views = sources('views', /\.ejs$/);
    expect(views.length).toBeGreaterThan(0);
    const raw = views.flatMap(({ path, text }) =>
      [...text.matchAll(/<%-(.*?)%>/gs)]
        .filter((match) => !/^\s*include\(/.test(match[1] ?? ''))
        .map((match) => `${path}: ${match[0]}`),
    );
    expect(raw).toEqual([]);
  });

  it('name files for their job', () => {
    const vague = /(^|[/_])(utils?|helpers?|managers?|misc|common)\.ts$/;
    expect(offenders(({ path }) => vague.test(path) || !/^[a-z0-9_/.]+$/.test(path))).toEqual([]);
  });
});
