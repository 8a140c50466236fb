import { mkdir } from 'node:fs/promises';
import { launchChromium } from './chromium.ts';
import { writeContactSheet } from './contact_sheet.ts';
import { mailSamples, sampleMail } from './gallery_mails.ts';
import { samples, startGallery } from './page_gallery.ts';

/**
 * `npm run shots`: pictures of every hosted page and of mails into ./shots, phone and desktop, light and dark, with an
 * error and without, and on a phone from right to left; then all of them on contact sheets. Arguments pick those whose
 * names begin with them.
 */
const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 800 };
const looks = [
  { name: '390-light', viewport: phone, colorScheme: 'light', language: 'en' },
  { name: '390-dark', viewport: phone, colorScheme: 'dark', language: 'en' },
  { name: '390-light-ar', viewport: phone, colorScheme: 'light', language: 'ar' },
  { name: '1280-light', viewport: desktop, colorScheme: 'light', language: 'en' },
  { name: '1280-dark', viewport: desktop, colorScheme: 'dark', language: 'en' },
] as const;
const picked = process.argv.slice(2);
const folder = 'shots';

await mkdir(folder, { recursive: true });
await using stack = new AsyncDisposableStack();
const gallery = await startGallery();
stack.defer(async () => gallery.close());
const browser = await launchChromium();
stack.defer(async () => browser.close());

const names = [...Object.keys(samples), ...mailSamples].filter(
  (name) => picked.length === 0 || picked.some((beginning) => name.startsWith(beginning)),
);
for (const { name: look, viewport, colorScheme, language } of looks) {
  const context = await browser.newContext({
    viewport,
    colorScheme,
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  for (const name of names) {
    if (mailSamples.includes(name)) await page.setContent(sampleMail(name, language));
    else await page.goto(`${gallery.origin}/pages/${name}?lang=${language}`);
    if ((await page.locator('h1').count()) !== 1)
      throw new Error(`${name} is no page: ${await page.innerText('body')}`);
    await page.screenshot({ path: `${folder}/${name}-${look}.png`, fullPage: true });
  }
  await context.close();
}
const strips = names.map((name) => ({ name, pictures: looks.map((look) => `${name}-${look.name}.png`) }));
const sheets = await writeContactSheet(browser, folder, strips);
process.stdout.write(`${names.length} pages and mails, on ${folder}/index.html and ${sheets.join(', ')}\n`);
