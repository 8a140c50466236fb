import { rmSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileOnce } from '../../durable_file.ts';
import { EmbeddedDatabaseError } from './error.ts';
import { processIdentity } from './process_identity.ts';

type Owner = { pid: number; identity: string };
type Generation = { number: number; owner: Owner | undefined };

export type OwnerLock = { release(): void };

const FILE = /^owner\.(\d{1,9})\.lock$/;

/**
 * Makes this process the only owner of `dataDir`, or throws `EmbeddedDatabaseError` naming the living owner.
 * Each owner creates the file of the next generation, which the file system grants to one only; so a dead owner's
 * lock is never removed to make room, which two successors could do to each other.
 */
export async function acquireOwnerLock(dataDir: string): Promise<OwnerLock> {
  const owner: Owner = { pid: process.pid, identity: processIdentity(process.pid) ?? 'unknown' };
  for (;;) {
    const generations = await readGenerations(dataDir);
    refuseLivingOwner(dataDir, generations);
    const number = Math.max(0, ...generations.map((generation) => generation.number)) + 1;
    const file = join(dataDir, `owner.${number}.lock`);
    if (!(await createFileOnce(file, JSON.stringify(owner)))) continue;

    const others = (await readGenerations(dataDir)).filter((generation) => generation.number !== number);
    try {
      refuseLivingOwner(dataDir, others);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    for (const other of others) await rm(join(dataDir, `owner.${other.number}.lock`), { force: true });
    return { release: () => rmSync(file, { force: true }) };
  }
}

/** True when a living process owns `dataDir`. */
export async function hasLivingOwner(dataDir: string): Promise<boolean> {
  return (await readGenerations(dataDir)).some(isAlive);
}

async function readGenerations(dataDir: string): Promise<Generation[]> {
  const numbers = (await readdir(dataDir)).flatMap((name) => FILE.exec(name)?.[1] ?? []).map(Number);
  return await Promise.all(
    numbers.map(async (number) => ({
      number,
      owner: await readOwner(join(dataDir, `owner.${number}.lock`)),
    })),
  );
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner;
  } catch {
    return undefined; // released in this moment
  }
}

function refuseLivingOwner(dataDir: string, generations: readonly Generation[]): void {
  const living = generations.find(isAlive);
  if (!living?.owner) return;
  const who = living.owner.pid === process.pid ? 'this process' : `process ${living.owner.pid}`;
  throw new EmbeddedDatabaseError(
    `${dataDir} is in use by another Weir (${who}): stop it, or give this one a DATA_DIR of its own`,
  );
}

function isAlive({ owner }: Generation): boolean {
  return owner !== undefined && processIdentity(owner.pid) === owner.identity;
}
