import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const require = createRequire(import.meta.url);
// The engine that the package brings along. Its builder would load it anew, and open a window, for every look.
const engine = createRequire(require.resolve('@axe-core/playwright')).resolve('axe-core/axe.min.js');
const source = readFileSync(engine, 'utf8');

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds wrong with a page as it looks at this moment, one line a rule; and how many rules were kept. */
export async function axe(page: Page): Promise<{ violations: string[]; passes: number }> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(source);
  return page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ['violations'] }).then((found) => ({
    violations: found.violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html).join(' ')),
    passes: found.passes.length,
  }))`);
}
