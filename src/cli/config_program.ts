import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import type { ApplyCommandOptions, ConfigCommandOptions } from './config.ts';

/** `weir config ...`: the configuration of a tenant as a folder of files. */
export function addConfigCommands(program: Command): void {
  const group = program.command('config').description('the configuration of a tenant as a folder of files');
  const command = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .requiredOption('--dir <folder>', 'the folder')
      .option('--tenant <id>', 'the tenant', 'default');

  command('export', 'write the configuration of a tenant into a folder, without any secret')
    .option('--overwrite', 'into a folder that has files already: what no object has any more is removed')
    .action(async (options: ConfigCommandOptions & { overwrite?: boolean }) => {
      const { configExportCommand } = await import('./config.ts');
      await configExportCommand(loadConfig().config, options);
    });

  command('diff', 'show what applying the folder would change; exit code 2 when anything would').action(
    async (options: ConfigCommandOptions) => {
      const { configDiffCommand } = await import('./config.ts');
      process.exitCode = await configDiffCommand(loadConfig().config, options);
    },
  );

  command('apply', 'make the tenant what the folder says: everything, or nothing')
    .option('--dry-run', 'try everything out, and change nothing')
    .option('--prune', 'delete what has no file')
    .option('--prune-people', 'with --prune: delete pools even with the people in them')
    .action(async (options: ApplyCommandOptions) => {
      const { configApplyCommand } = await import('./config.ts');
      await configApplyCommand(loadConfig().config, options);
    });
}
