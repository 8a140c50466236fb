import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo, type Demo } from '../../src/demo/index.ts';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import { launchChromium } from '../support/chromium.ts';
import { mara } from '../support/demo.ts';
import { freePort } from '../support/free_port.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const devices = [
  { width: 1280, height: 800 },
  { width: 320, height: 568 },
];

let server: TestServer;
let demo: Demo;
let chromium: Browser;

beforeAll(async () => {
  chromium = await launchChromium();
  const port = await freePort();
  server = await startTestServer({ DEMO_PORT: String(port) });
  demo = await startDemo({
    issuer: server.issuer,
    clientId: 'demo-app',
    clientSecret: DEMO_CLIENT_SECRET,
    port,
    host: '127.0.0.1',
    person: mara,
    onWarning: (message) => expect.fail(message),
  });
});
afterAll(async () => {
  await demo.close();
  await server.stop();
  await chromium.close();
});

/** Accessible, and as wide as the window, on a desk and on a phone, by day and by night. */
async function look(page: Page): Promise<void> {
  for (const viewport of devices) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const { violations, passes } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
      expect(found, `${page.url()}, ${viewport.width}, ${colorScheme}`).toEqual([]);
      expect(passes.length).toBeGreaterThan(10);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(viewport.width);
    }
  }
}

test(
  'in Chromium, from sign-in to sign-out, every page is fit to be read and none is blocked',
  { timeout: 120_000 },
  async () => {
    const page = await (await chromium.newContext({ locale: 'en-GB' })).newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });

    await page.goto(demo.url);
    await look(page);
    await page.click('#sign-in');
    await page.fill('#identifier', mara.identifier);
    await page.fill('#password', mara.password);
    await page.click('#login-submit');
    await page.waitForURL(`${demo.url}/`);
    expect(await page.textContent('h1')).toBe('Hello, Mara Linde');

    const before = await page.textContent('[data-claim=access_token]');
    await page.click('text=Call userinfo again');
    await page.click('button:has-text("Refresh")');
    await page.waitForSelector('.note:has-text("Refreshed")');
    expect(await page.textContent('[data-claim=access_token]')).not.toBe(before);
    await page.click('summary');
    await look(page);

    await page.click('text=Sign out');
    await page.waitForSelector('.note:has-text("Signed out")');
    await look(page);
    expect(problems).toEqual([]);

    await page.goto(`${demo.url}/callback?state=unknown`);
    await look(page);
  },
);
