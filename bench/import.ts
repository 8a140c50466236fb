import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../src/db/connection.ts';
import { migrate } from '../src/db/migrate.ts';
import { SYSTEM_ACTOR } from '../src/events/audit.ts';
import { createImportService } from '../src/imports/import_service.ts';
import { createPool } from '../src/pools/pool_service.ts';
import { createSealer } from '../src/security/seal.ts';

const { values } = parseArgs({ options: { people: { type: 'string', default: '100000' } } });
const people = Number(values.people);
const url = process.env.DATABASE_URL;
if (url === undefined)
  throw new Error('DATABASE_URL: name a database to fill; the bench adds a tenant to it');

// Made by a process of its own: what that costs is not the import's.
const directory = await mkdtemp(join(tmpdir(), 'weir-bench-'));
const path = join(directory, 'people.ndjson');
const maker = `import(${JSON.stringify(new URL('import_file.ts', import.meta.url).href)}).then((m) => m.writePeople(${JSON.stringify(path)}, ${people}))`;
execFileSync(process.execPath, ['--input-type=module', '-e', maker]);

const db = openDatabase({ url });
await migrate(db);
const tenantId = `bench-${Date.now().toString(36)}`;
await db.knex('tenants').insert({ tenant_id: tenantId, name: 'Bench' });
const { id: poolId } = await db.knex.transaction((tx) =>
  createPool(tx, { tenantId }, { name: 'Bench' }, SYSTEM_ACTOR, { workspaceId: null, system: false }),
);
const imports = createImportService({
  db,
  publicUrl: 'http://localhost',
  sealer: createSealer([{ kid: 'bench', key: randomBytes(32).toString('base64') }]),
});

/** Seconds of processor that this database's processes used so far; none where they run on another machine. */
async function databaseSeconds(): Promise<number | undefined> {
  const { rows } = await db.knex.raw<{ rows: { pid: number }[] }>(
    'SELECT pid FROM pg_stat_activity WHERE datname = current_database()',
  );
  try {
    // proc(5): utime and stime are fields 14 and 15, in hundredths of a second; a name in brackets comes before.
    const ticks = rows.map(({ pid }) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return Number(fields[11]) + Number(fields[12]);
    });
    return ticks.reduce((sum, own) => sum + own, 0) / 100;
  } catch {
    return undefined;
  }
}

const file = createReadStream(path, { highWaterMark: 256 * 1024 });
const before = process.cpuUsage();
const idle = process.memoryUsage().rss;
let peak = idle;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
const started = performance.now();
const how = {
  source: 'command_line',
  format: 'ndjson',
  dryRun: false,
  mayBringSecrets: true,
  mayBringGroups: false,
} as const;
const { done } = await imports.receive({ tenantId, poolId }, how, file, SYSTEM_ACTOR);
await done;
clearInterval(watch);
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - started) / 1000;
const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
console.log(`${people} people in ${seconds.toFixed(1)} s, ${Math.round(people / seconds)} a second`);
console.log(`memory: ${mib(idle)} idle, at most ${mib(peak - idle)} above`);
const own = ((user + system) / 1e6).toFixed(1);
const database = (await databaseSeconds())?.toFixed(1);
console.log(`processor: ${own} s of this process, ${database ?? 'an unknown number of'} s of the database's`);
await db.close();
await rm(directory, { recursive: true });
