import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const PRIVATE_MODE = 0o600;

/**
 * Creates `file` with `content`, readable by its owner only, whole and flushed to disk or not at all.
 * Gives false, and changes nothing, when the file exists: of two callers at once exactly one creates it.
 */
export async function createFileOnce(file: string, content: string): Promise<boolean> {
  const temporary = await writeTemporary(file, content);
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(file));
  return true;
}

/** Replaces `file` by `content`, readable by its owner only; a crash leaves the old or the new content. */
export async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = await writeTemporary(file, content);
  await rename(temporary, file);
  await syncDirectory(dirname(file));
}

/** Makes renames and creations inside `directory` survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeTemporary(file: string, content: string): Promise<string> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', PRIVATE_MODE);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
}
