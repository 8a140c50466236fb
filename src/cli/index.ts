import { Command, CommanderError } from 'commander';
import { loadConfig, type Config } from '../config.ts';
import { addConfigCommands } from './config_program.ts';
import { failureLines } from './failure.ts';
import type { ImportUsersOptions } from './import.ts';

/** Starts the server; handed in, because it stands above the command line. */
export type Serve = (config: Config, warnings: readonly string[]) => Promise<void>;

const EPILOGUE = `
Configuration comes from the environment (see .env.example) over config/*.json. Without DATABASE_URL, and outside
production, the server brings a PostgreSQL of its own and keeps everything in ./data.

Examples:
  weir                            start the server
  weir doctor                     look for what is wrong, with a hint for each finding
  weir migrate                    bring the schema up to date without starting the server
  weir admin reset                a new password for the administrator, a new secret for the management client
  weir keys reseal                after a new first key in MASTER_KEY: seal everything under it
  weir tenant create acme --name "Acme Inc."
  weir import users --pool people users.ndjson
  weir export users --pool people --output users.ndjson
  weir config export --dir config && weir config diff --dir config

Exit code: 0 when everything went well, 1 otherwise. "config diff" ends with 2 when there is a difference.`;

/**
 * The command line. Prints errors as lines of their own and sets the exit code.
 * @param argv as in `process.argv`
 */
export async function main(argv: readonly string[], serve: Serve): Promise<void> {
  const program = createProgram(serve);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode; // it has printed its message
      return;
    }
    for (const line of failureLines(error)) console.error(`weir: ${line}`);
  }
}

function createProgram(serve: Serve): Command {
  const program = new Command('weir')
    .description('A self-hosted OpenID Connect provider with identity pools.')
    .exitOverride()
    .showHelpAfterError('(weir --help lists the commands)')
    .addHelpText('after', EPILOGUE);

  program
    .command('serve', { isDefault: true })
    .description(
      'start the server; brings the schema up to date and, the first time, creates what bootstrap.json says',
    )
    .option('--watch', 'start again whenever a source file changes (for development)')
    .action(async () => {
      const { config, warnings } = loadConfig();
      await serve(config, warnings);
    });

  program
    .command('migrate')
    .description(
      'run the migrations the database lacks; safe beside running servers and at several places at once',
    )
    .option('--list', 'only show what would run')
    .action(async (options: { list?: boolean }) => {
      const { migrateCommand } = await import('./migrate.ts');
      await migrateCommand(loadConfig().config, options.list ?? false);
    });

  program
    .command('doctor')
    .description('check configuration, database, migrations, keys, mail, clock and public URL, one line each')
    .action(async () => {
      const { doctorCommand } = await import('./doctor.ts');
      process.exitCode = await doctorCommand();
    });

  program
    .command('admin')
    .description('help for administrators who cannot sign in')
    .command('reset')
    .description(
      'set new administrator credentials and print them once; needs access to this machine, no password',
    )
    .action(async () => {
      const { adminResetCommand } = await import('./admin.ts');
      await adminResetCommand(loadConfig().config);
    });

  program
    .command('keys')
    .description('master keys of this installation')
    .command('reseal')
    .description(
      'seal all stored secrets under the first key of MASTER_KEY; safe beside running servers and to be killed',
    )
    .action(async () => {
      const { resealCommand } = await import('./keys.ts');
      process.exitCode = await resealCommand(loadConfig().config);
    });

  program
    .command('tenant')
    .description('tenants of this installation')
    .command('create')
    .description(
      'create a tenant with its built-in workspaces and print the credentials of its administration once',
    )
    .argument('<id>', 'lower-case id that stands in every URL of the tenant')
    .option('--name <name>', 'name for people (default: the id)')
    .action(async (id: string, options: { name?: string }) => {
      const { tenantCreateCommand } = await import('./tenant.ts');
      await tenantCreateCommand(loadConfig().config, id, options.name ?? id);
    });

  program
    .command('import')
    .description('bring people in from another system')
    .command('users')
    .description('import people from a file, one a line; the same file again changes nothing')
    .argument('<file>', 'NDJSON, or CSV with a header; - for standard input')
    .requiredOption('--pool <id>', 'the pool they come into')
    .option('--tenant <id>', 'the tenant of the pool', 'default')
    .option('--format <format>', 'ndjson or csv (default: by the name of the file)')
    .option('--dry-run', 'check everything, write nothing')
    .action(async (file: string, options: ImportUsersOptions) => {
      const { importUsersCommand } = await import('./import.ts');
      process.exitCode = await importUsersCommand(loadConfig().config, file, options);
    });

  program
    .command('export')
    .description('take people out again')
    .command('users')
    .description('everybody of a pool with hashes and secrets, one a line, as "import users" takes them')
    .requiredOption('--pool <id>', 'the pool')
    .option('--tenant <id>', 'the tenant of the pool', 'default')
    .option('--output <file>', 'a new file, readable for its owner only (default: standard output)')
    .action(async (options: { tenant: string; pool: string; output?: string }) => {
      const { exportUsersCommand } = await import('./export.ts');
      await exportUsersCommand(loadConfig().config, options);
    });

  addConfigCommands(program);
  return program;
}
