import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

const size = { width: 390, height: 844 };

// Text, because the compiler is told of no DOM. Said by the page itself: the next one may come before a question does.
const measure = `addEventListener('load', () => {
  const width = document.documentElement.scrollWidth;
  if (width > ${size.width}) console.error(location.href + ' is ' + width + ' px wide');
})`;

/** A phone that nobody has used yet, for one test. Whatever it is shown fits its width, and no page complains. */
export async function openPhone(chromium: Browser): Promise<Page> {
  const context = await chromium.newContext({
    viewport: size,
    isMobile: true,
    hasTouch: true,
    locale: 'en-GB',
  });
  onTestFinished(() => context.close());
  await context.addInitScript(measure);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    // The status of a page itself, such as 404, is what it is about.
    if (message.type() === 'error' && !text.includes('the server responded with a status of'))
      complaints.push(text);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  onTestFinished(() => expect(complaints).toEqual([]));
  return page;
}
