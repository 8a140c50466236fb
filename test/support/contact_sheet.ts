import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';

/** A page with its pictures, as names of files in the folder of the sheet. */
export type Strip = { readonly name: string; readonly pictures: readonly string[] };

const pagesOnASheet = 4;

/**
 * Writes `index.html` beside the pictures, a row for every page, and the same as pictures `sheet-1.png`, ...
 * @returns the names of the sheets
 */
export async function writeContactSheet(
  browser: Browser,
  folder: string,
  strips: readonly Strip[],
): Promise<string[]> {
  const index = resolve(folder, 'index.html');
  await writeFile(index, document(strips));
  const page = await browser.newPage({ viewport: { width: 1720, height: 900 } });
  await page.goto(pathToFileURL(index).href, { waitUntil: 'networkidle' });
  const sheets: string[] = [];
  for (const section of await page.locator('section').all()) {
    const sheet = `sheet-${sheets.length + 1}.png`;
    await section.screenshot({ path: resolve(folder, sheet) });
    sheets.push(sheet);
  }
  await page.close();
  return sheets;
}

function document(strips: readonly Strip[]): string {
  const sections = Array.from({ length: Math.ceil(strips.length / pagesOnASheet) }, (_, at) =>
    strips.slice(at * pagesOnASheet, (at + 1) * pagesOnASheet),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact sheet</title><style>
body{margin:24px;background:#c9cfcc;font:15px system-ui,sans-serif}
figure{display:grid;grid-template-columns:repeat(3,170px) 560px 560px;gap:12px;align-items:start;margin:0 0 28px}
figcaption{grid-column:1/-1;font-weight:600}img{inline-size:100%;display:block;max-block-size:520px;object-fit:cover;object-position:top}
</style>${sections.map((section) => `<section>${section.map(figure).join('')}</section>`).join('')}</html>`;
}

// Names of samples and files: letters, digits, dashes and underscores.
const figure = ({ name, pictures }: Strip): string =>
  `<figure id="${name}"><figcaption>${name}</figcaption>${pictures.map((file) => `<a href="${file}"><img src="${file}" alt="${file}"></a>`).join('')}</figure>`;
