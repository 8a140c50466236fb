#!/usr/bin/env node
// Plain JavaScript that old Nodes can parse too: it is what tells them that they are too old.
const NODE_MAJOR = 24;

async function start() {
  const { availableParallelism } = await import('node:os');
  // argon2 shares libuv's threads with WebCrypto, DNS and files: one a core for hashes, four for the rest.
  // libuv reads this when the first job arrives, so it is set before anything else is imported.
  if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = String(availableParallelism() + 4);
  const saveCompiled = await keepCompiled();
  const { main } = await import('../src/cli/index.ts');
  await main(process.argv, async (config, warnings) => {
    const { run } = await import('../src/main.ts');
    await run(config, warnings);
    saveCompiled();
  });
}

/**
 * Node keeps what it made of the TypeScript: a third of a start. Beside the packages, where only those write who may
 * change the program too (the default, the system's folder for temporary files, is everybody's). A folder that
 * cannot be written is no error.
 */
async function keepCompiled() {
  const { enableCompileCache, flushCompileCache } = await import('node:module');
  const { fileURLToPath } = await import('node:url');
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
  return flushCompileCache;
}

async function watch() {
  const { spawn } = await import('node:child_process');
  const args = process.argv.slice(1).filter((argument) => argument !== '--watch');
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', ...args], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code === null ? 1 : code;
  });
}

function fail(error) {
  console.error(error);
  process.exitCode = 1;
}

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) {
  console.error(
    `Weir needs Node ${NODE_MAJOR} or newer, this is ${process.versions.node}. "npm ci" installs a fitting one: use "npm start" or node_modules/.bin/node.`,
  );
  process.exitCode = 1;
} else if (process.argv.includes('--watch')) {
  watch().catch(fail);
} else {
  start().catch(fail);
}
