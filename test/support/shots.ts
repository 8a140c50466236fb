import { mkdir } from 'node:fs/promises';
import { launchChromium } from './chromium.ts';
import { samples, startGallery } from './page_gallery.ts';

/**
 * `npm run shots`: a picture of every hosted page into ./shots, in three widths and two colour schemes, and of a
 * few in every language. Names given as arguments pick pages.
 */
const viewports = [
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
  { width: 320, height: 640 },
];
const picked = process.argv.slice(2);
const folder = 'shots';

await mkdir(folder, { recursive: true });
await using stack = new AsyncDisposableStack();
const gallery = await startGallery();
stack.defer(async () => gallery.close());
const browser = await launchChromium();
stack.defer(async () => browser.close());

for (const viewport of viewports) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ viewport, colorScheme, locale: 'en-GB' });
    const page = await context.newPage();
    for (const name of Object.keys(samples)) {
      if (picked.length > 0 && !picked.includes(name)) continue;
      for (const language of viewport.width === 390 ? ['en', 'de', 'ar'] : ['en']) {
        await page.goto(`${gallery.origin}/pages/${name}?lang=${language}`);
        const file = [name, viewport.width, colorScheme, ...(language === 'en' ? [] : [language])].join('-');
        await page.screenshot({ path: `${folder}/${file}.png`, fullPage: true });
      }
    }
    await context.close();
  }
}
