import { samples, startGallery } from '../test/support/page_gallery.ts';

/** What a page may take of a processor. The HTTP around it, on both sides, is in the figures. */
const LIMIT_MS = 5;
const TURNS = 50;

const gallery = await startGallery();
try {
  const costs: { name: string; ms: number }[] = [];
  for (const name of Object.keys(samples)) {
    const look = async () => (await fetch(`${gallery.origin}/pages/${name}`)).arrayBuffer();
    for (let turn = 0; turn < 10; turn += 1) await look();
    const before = process.cpuUsage();
    for (let turn = 0; turn < TURNS; turn += 1) await look();
    const { user, system } = process.cpuUsage(before);
    costs.push({ name, ms: (user + system) / 1000 / TURNS });
  }
  costs.sort((a, b) => b.ms - a.ms);
  const middle = costs[costs.length >> 1]?.ms ?? 0;
  console.log(`${costs.length} pages, the median ${middle.toFixed(2)} ms of a processor; the dearest:`);
  for (const { name, ms } of costs.slice(0, 5)) console.log(`${name.padEnd(30)} ${ms.toFixed(2)} ms`);
  if ((costs[0]?.ms ?? 0) > LIMIT_MS) process.exitCode = 1;
} finally {
  await gallery.close();
}
