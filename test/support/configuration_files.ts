import { applyConfiguration, type Applied, type ApplyOptions } from '../../src/configuration/apply.ts';
import { exportConfiguration } from '../../src/configuration/export.ts';
import type { TextFile } from '../../src/configuration/folder.ts';
import { ConfigurationRefused, inWords } from '../../src/configuration/problem.ts';
import { readWanted } from '../../src/configuration/wanted.ts';
import { createHashQueue } from '../../src/credentials/hash_queue.ts';
import { createDomain } from '../../src/domain.ts';
import { createWays } from '../../src/messages/transports/ways.ts';
import { createAttempts } from '../../src/security/attempts.ts';
import { createSealer } from '../../src/security/seal.ts';
import { ConfigBus } from '../../src/workspaces/config_change.ts';
import type { ApiServer } from './api_server.ts';
import { SYSTEM_ACTOR } from './domain.ts';

/** Files of a configuration by path. */
export type Files = Readonly<Record<string, string>>;

const textFiles = (files: Files): TextFile[] => Object.entries(files).map(([file, text]) => ({ file, text }));

/** What the commands do, in this process. */
export function configurationOf(server: ApiServer, variables: Record<string, string> = {}) {
  const sealer = createSealer(server.config.masterKeys);
  const deps = {
    db: server.db,
    bus: new ConfigBus(),
    compose: (db: typeof server.db, bus: ConfigBus) =>
      createDomain({
        db,
        bus,
        sealer,
        hashQueue: createHashQueue(),
        attempts: createAttempts(sealer, { sourceLimit: server.config.sourceAttemptLimit }),
        ways: createWays({ config: server.config, sealer }),
        publicUrl: server.url,
      }),
  };
  const apply = async (
    tenantId: string,
    files: Files,
    options: Partial<ApplyOptions> = {},
  ): Promise<Applied> =>
    applyConfiguration(
      deps,
      { tenantId },
      readWanted(textFiles(files), { variable: (name) => variables[name], folder: '/nowhere' }),
      SYSTEM_ACTOR,
      { prune: false, prunePeople: false, commit: true, ...options },
    );
  return {
    apply,
    async export(tenantId: string, earlier: Files = {}): Promise<Record<string, string>> {
      const files = await exportConfiguration(deps, { tenantId }, textFiles(earlier));
      return Object.fromEntries(files.map(({ file, text }) => [file, text]));
    },
    /** Why the files are refused, a line each. */
    async refusal(tenantId: string, files: Files, options: Partial<ApplyOptions> = {}): Promise<string[]> {
      try {
        await apply(tenantId, files, options);
        return [];
      } catch (error) {
        if (error instanceof ConfigurationRefused) return error.problems.map(inWords);
        throw error;
      }
    },
  };
}
