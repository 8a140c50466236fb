import { resolve } from 'node:path';
import { namedVariable, type Config } from '../config.ts';
import { applyConfiguration, type Applied, type ApplyOptions } from '../configuration/apply.ts';
import type { ConfigurationDeps } from '../configuration/apply.ts';
import { exportConfiguration } from '../configuration/export.ts';
import { placedBy } from '../configuration/file_names.ts';
import { readFolder, writeFolder, yamlFiles } from '../configuration/folder.ts';
import { readWanted, type Wanted } from '../configuration/wanted.ts';
import { createHashQueue } from '../credentials/hash_queue.ts';
import { createDomain } from '../domain.ts';
import { invalid } from '../domain_error.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import { createWays } from '../messages/transports/ways.ts';
import { createAttempts } from '../security/attempts.ts';
import { ConfigBus } from '../workspaces/config_change.ts';
import { changeLines, countLine, extraLines, leftLine } from './config_lines.ts';
import { asOperator, type OperatorDeps } from './operator.ts';

export type ConfigCommandOptions = { readonly tenant: string; readonly dir: string };
export type ApplyCommandOptions = ConfigCommandOptions & {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly prunePeople?: boolean;
};

/** What `weir config diff` ends with where there is a difference; 1 is for what went wrong. */
const DIFFERENT = 2;

/** `weir config export`: a file for every object. */
export async function configExportCommand(
  config: Config,
  { tenant, dir, overwrite = false }: ConfigCommandOptions & { readonly overwrite?: boolean },
): Promise<void> {
  const there = yamlFiles(dir);
  if (there.length > 0 && !overwrite) {
    throw invalid('--dir', 'the folder has files already: choose another, or say --overwrite');
  }
  const earlier = there.length === 0 ? [] : readFolder(dir);
  const files = await asOperator(config, (deps) =>
    exportConfiguration(dependencies(deps), { tenantId: tenant }, earlier),
  );
  const written = new Set(files.map(({ file }) => file));
  // Files of other programs have no place in a configuration: they are not ours to remove.
  const stale = there.filter((file) => !written.has(file) && placedBy(file) !== undefined);
  writeFolder(dir, files, stale);
  console.log(`${files.length} files written to ${dir}`);
}

/** `weir config diff`: tries an apply out and shows what it would change. Gives the exit code. */
export async function configDiffCommand(
  config: Config,
  { tenant, dir }: ConfigCommandOptions,
): Promise<number> {
  const wanted = wantedIn(dir);
  const options = { prune: false, prunePeople: false, commit: false };
  const { changes, extras } = await applying(config, tenant, wanted, options);
  for (const line of changeLines(changes)) console.log(line);
  for (const line of extraLines(extras)) console.log(line);
  if (changes.length + extras.length === 0) console.log('No difference.');
  return changes.length + extras.length === 0 ? 0 : DIFFERENT;
}

/** `weir config apply`: prints what it has changed, and secrets that were made, once. */
export async function configApplyCommand(
  config: Config,
  { tenant, dir, dryRun = false, prune = false, prunePeople = false }: ApplyCommandOptions,
): Promise<void> {
  const wanted = wantedIn(dir);
  if (prunePeople && !prune) throw invalid('--prune-people', 'goes with --prune alone');
  if (prune && !wanted.has('tenant')) {
    throw invalid('--prune', `${dir} has no tenant.yaml: without it, a folder describes no whole tenant`);
  }
  const options = { prune, prunePeople, commit: !dryRun };
  const { changes, extras, shown } = await applying(config, tenant, wanted, options);
  for (const line of changeLines(changes)) console.log(line);
  console.log(countLine(changes, dryRun));
  if (!prune && extras.length > 0) console.log(leftLine(extras));
  if (dryRun || shown.length === 0) return;
  console.log('Secrets that were made, shown this once:');
  for (const { object, field, secret } of shown) console.log(`  ${object}  ${field}  ${secret}`);
}

const wantedIn = (dir: string): ReadonlyMap<string, Wanted> =>
  readWanted(readFolder(dir), { variable: namedVariable, folder: resolve(dir) });

const applying = (
  config: Config,
  tenantId: string,
  wanted: ReadonlyMap<string, Wanted>,
  options: ApplyOptions,
): Promise<Applied> =>
  asOperator(config, (deps) =>
    applyConfiguration(dependencies(deps), { tenantId }, wanted, SYSTEM_ACTOR, options),
  );

function dependencies({ config, db, sealer }: OperatorDeps): ConfigurationDeps {
  const { publicUrl } = config;
  const hashQueue = createHashQueue({ webConcurrency: config.webConcurrency });
  const attempts = createAttempts(sealer, { sourceLimit: config.sourceAttemptLimit });
  const ways = createWays({ config, sealer });
  return {
    db,
    bus: new ConfigBus(),
    compose: (database, bus) =>
      createDomain({ db: database, bus, sealer, hashQueue, attempts, ways, publicUrl }),
  };
}
