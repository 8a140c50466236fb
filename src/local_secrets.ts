import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from './config.ts';
import { createFileOnce } from './durable_file.ts';

/** The keys the server seals with and signs cookies with. The first of each list is the one in use. */
export type Secrets = {
  readonly masterKeys: readonly { readonly kid: string; readonly key: string }[];
  readonly cookieKeys: readonly string[];
};

const secretsFile = z.strictObject({
  masterKeys: z.array(z.strictObject({ kid: z.string().min(1), key: z.base64().length(44) })).min(1),
  cookieKeys: z.array(z.string().min(32)).min(1),
});

/** The secrets file exists and cannot be used; replacing it would make sealed data unreadable. */
export class LocalSecretsError extends Error {
  override readonly name = 'LocalSecretsError';
}

/**
 * Reads `secrets.json` in the data directory, created with mode 0600 on the first call. Only for the embedded
 * start: an installation with a database of its own gets its keys from the environment.
 */
export async function loadOrCreateLocalSecrets(dataDir: string): Promise<Secrets> {
  const file = join(dataDir, 'secrets.json');
  await mkdir(dataDir, { recursive: true });
  const fresh: Secrets = {
    masterKeys: [{ kid: `local-${randomBytes(4).toString('hex')}`, key: randomBytes(32).toString('base64') }],
    cookieKeys: [randomBytes(32).toString('base64url')],
  };
  await createFileOnce(file, `${JSON.stringify(fresh, null, 2)}\n`);
  const parsed = secretsFile.safeParse(parseJson(await readFile(file, 'utf8')));
  if (!parsed.success) {
    throw new LocalSecretsError(
      `${file} is damaged: restore it from a backup, it opens what the database holds sealed`,
    );
  }
  return parsed.data;
}

/** The secrets of this configuration: from the environment, or of the data directory for the embedded start. */
export async function resolveSecrets(config: Config): Promise<Secrets> {
  const { masterKeys, cookieKeys } = config;
  if (masterKeys.length > 0 && cookieKeys.length > 0) return { masterKeys, cookieKeys };
  const local = await loadOrCreateLocalSecrets(config.dataDir);
  return {
    masterKeys: masterKeys.length > 0 ? masterKeys : local.masterKeys,
    cookieKeys: cookieKeys.length > 0 ? cookieKeys : local.cookieKeys,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
