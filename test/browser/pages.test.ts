import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axe } from '../support/axe.ts';
import { launchChromium } from '../support/chromium.ts';
import { samples, startGallery, type Gallery } from '../support/page_gallery.ts';

const names = Object.keys(samples);
const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 800 };
const narrow = { width: 320, height: 568 };
const pageLimitBytes = 50 * 1024;

let gallery: Gallery;
let chromium: Browser;
/** One window for all pages, and one that runs no scripts. */
let window: Page;
let plainWindow: Page;
let problems: string[] = [];

beforeAll(async () => {
  chromium = await launchChromium();
  gallery = await startGallery();
  window = await openWindow({ reducedMotion: 'reduce' });
  plainWindow = await openWindow({ javaScriptEnabled: false });
});
afterAll(async () => {
  await gallery.close();
  await chromium.close();
});

async function openWindow(options: BrowserContextOptions): Promise<Page> {
  const context = await chromium.newContext({ locale: 'en-GB', viewport: phone, ...options });
  const page = await context.newPage();
  page.on('console', (message) => {
    // The status of the answer itself, such as 429, is no problem of the page.
    if (message.type() === 'error' && !message.text().includes('the server responded with a status of'))
      problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  return page;
}

/** Opens a sample in a window of its own and gives the page to the check. */
async function on(
  name: string,
  options: BrowserContextOptions,
  check: (page: Page) => Promise<void>,
): Promise<void> {
  problems = [];
  const page = await openWindow(options);
  await page.goto(`${gallery.origin}/pages/${name}`);
  await check(page);
  expect(problems).toEqual([]);
  await page.context().close();
}

interface Stop {
  name: string;
  hasRing: boolean;
  height: number;
}

// Text, because the compiler is told of no DOM: the server has none.
const focusedStop = `(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return {
    name: element.id || element.textContent.trim(),
    hasRing: outlineStyle === 'solid' && outlineWidth === '3px',
    height: element.getBoundingClientRect().height,
  };
})()`;

/** Presses Tab all the way round the page; gives what had the focus, in the order of the page. */
async function tabThrough(page: Page): Promise<Stop[]> {
  const stops: (Stop | null)[] = [];
  for (let count = 0; count < 60; count += 1) {
    await page.keyboard.press('Tab');
    stops.push(await page.evaluate<Stop | null>(focusedStop));
    if (stops.filter((stop) => stop === null).length === 2) break;
  }
  // The focus leaves the page at its end: what lies between two such moments is one full round.
  const start = stops.indexOf(null);
  return stops.slice(start + 1, stops.indexOf(null, start + 1)).filter((stop) => stop !== null);
}

/** Every page is opened once in each language and once without scripts; whatever can be checked then, is. */
describe('every page', () => {
  const looks = [
    { device: 'phone', viewport: phone, colorScheme: 'light' },
    { device: 'phone', viewport: phone, colorScheme: 'dark' },
    { device: 'desktop', viewport: desktop, colorScheme: 'dark' },
    { device: 'desktop', viewport: desktop, colorScheme: 'light' },
  ] as const;

  const open = async (name: string, language: string) => {
    await window.setViewportSize(narrow);
    await window.emulateMedia({ colorScheme: 'light' });
    await window.goto(`${gallery.origin}/pages/${name}?lang=${language}`);
    const width = await window.evaluate<number>('document.documentElement.scrollWidth');
    expect.soft(width, `width at 320 px in ${language}`).toBe(narrow.width);
  };

  const isAccessible = async (look: string) => {
    const { violations, passes } = await axe(window);
    expect.soft(violations, look).toEqual([]);
    expect(passes).toBeGreaterThan(10);
  };

  /** What it and everything it loads weigh, cached or not. */
  const weigh = async () =>
    window.evaluate<number>(`['navigation', 'resource']
      .flatMap((type) => performance.getEntriesByType(type))
      .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)`);

  test.each(names)('%s', async (name) => {
    problems = [];
    const origins = new Set<string>();
    const remember = (request: Request) => origins.add(new URL(request.url()).origin);
    window.on('request', remember);

    await open(name, 'en');
    const bytes = await weigh();
    expect.soft(bytes).toBeGreaterThan(5_000);
    expect.soft(bytes).toBeLessThan(pageLimitBytes);
    await window.setViewportSize(phone);
    const stops = await tabThrough(window);
    expect.soft(stops.length, 'stops of the keyboard').toBeGreaterThan(0);
    expect
      .soft(
        stops.filter((stop) => !stop.hasRing || stop.height < 44),
        'a ring, and 44 px',
      )
      .toEqual([]);
    for (const { device, viewport, colorScheme } of looks) {
      await window.setViewportSize(viewport);
      await window.emulateMedia({ colorScheme });
      await isAccessible(`${device}, ${colorScheme}`);
    }

    await open(name, 'de');
    await open(name, 'ar');
    // Another language changes words and direction, not colours: one look is enough.
    await window.setViewportSize(phone);
    await isAccessible('Arabic');
    window.off('request', remember);
    expect.soft([...origins], 'asks nobody else').toEqual([gallery.origin]);

    await plainWindow.goto(`${gallery.origin}/pages/${name}`);
    expect.soft(await plainWindow.locator('main h1').isVisible()).toBe(true);
    expect.soft(await plainWindow.locator('button[type=button]:visible').count(), 'dead buttons').toBe(0);
    expect(problems).toEqual([]);
  });
});

test('a long name without spaces does not push anything out', async () => {
  const long = 'Donaudampfschifffahrtsgesellschaftskapitänspatentprüfungskommission'.repeat(2);
  const { sign_in: sample } = samples;
  if (sample?.page !== 'sign_in') throw new Error('the sample is gone');
  const own = await startGallery({
    long: { page: 'sign_in', model: { ...sample.model, app: { name: long }, poolName: long } },
  });
  const page = await chromium.newPage({ viewport: narrow });
  await page.goto(`${own.origin}/pages/long`);
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(narrow.width);
  await page.close();
  await own.close();
});

test.each(['sign_in', 'sign_in_error', 'sign_in_pool'])('%s fits a phone without scrolling', async (name) => {
  await on(name, {}, async (page) => {
    expect(await page.evaluate<number>('document.documentElement.scrollHeight')).toBe(phone.height);
  });
});

describe('keyboard', () => {
  test('the order of sign-in is the order on the page', async () => {
    await on('sign_in_pool', {}, async (page) => {
      const stops = await tabThrough(page);
      expect(stops.map((stop) => stop.name)).toEqual([
        'Change',
        'identifier',
        'password',
        'Show',
        'forgot-link',
        'login-submit',
        'Deutsch',
        'العربية',
        'Help',
        'Privacy',
        'Terms',
      ]);
    });
  });

  test('the focus starts where the person has to act', async () => {
    const focused = async (name: string) => {
      let role = '';
      await on(name, {}, async (page) => {
        role = await page.evaluate<string>('document.activeElement.id || document.activeElement.role');
      });
      return role;
    };
    expect(await focused('sign_in')).toBe('identifier');
    expect(await focused('sign_in_error')).toBe('alert');
  });
});

describe('without JavaScript', () => {
  test('sign-in is sent', async () => {
    await on('sign_in', { javaScriptEnabled: false }, async (page) => {
      await page.fill('#identifier', 'mara');
      await page.fill('#password', 'otter under the alder');
      const [request] = await Promise.all([
        page.waitForRequest((one) => one.method() === 'POST'),
        page.click('#login-submit'),
      ]);
      expect(Object.fromEntries(new URLSearchParams(request.postData() ?? ''))).toEqual({
        csrf: 'sample-csrf-token',
        identifier: 'mara',
        password: 'otter under the alder',
      });
    });
  });

  test('the alert has the focus', async () => {
    await on('sign_in_error', { javaScriptEnabled: false }, async (page) => {
      expect(await page.locator('[role=alert]:focus').count()).toBe(1);
    });
  });
});

describe('with JavaScript', () => {
  test('the password can be shown, and is sent as a password', async () => {
    await on('sign_in', {}, async (page) => {
      await page.fill('#identifier', 'mara');
      await page.fill('#password', 'otter');
      const show = page.getByRole('button', { name: 'Show password' });
      await show.click();
      expect(await page.getAttribute('#password', 'type')).toBe('text');
      expect(await show.getAttribute('aria-pressed')).toBe('true');
      await page.route('**/pages/sign_in', async (route) => route.fulfill({ status: 204 }));
      await page.click('#login-submit');
      expect(await page.getAttribute('#password', 'type')).toBe('password');
    });
  });

  test('two presses send once, and the button says what is being done', async () => {
    await on('sign_in', {}, async (page) => {
      let sent = 0;
      let answer: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        answer = resolve;
      });
      await page.route('**/pages/sign_in', async (route) => {
        sent += 1;
        await held;
        await route.fulfill({ status: 204 });
      });
      await page.fill('#identifier', 'mara');
      await page.fill('#password', 'otter');
      // One script presses and looks: Playwright itself waits for the navigation that the first press starts.
      const state = await page.evaluate<[string, string]>(`(() => {
        const button = document.querySelector('#login-submit');
        for (let press = 0; press < 3; press += 1) button.click();
        return [button.textContent, button.getAttribute('aria-disabled')];
      })()`);
      expect(state).toEqual(['Checking …', 'true']);
      const answered = page.waitForResponse((response) => response.request().method() === 'POST');
      answer();
      await answered;
      expect(sent).toBe(1);
    });
  });

  test('a busy page tries again by itself', async () => {
    await on('busy', {}, async (page) => {
      await page.clock.install();
      await page.reload();
      const countdown = page.locator('[data-seconds]');
      expect(await countdown.textContent()).toBe('This page tries again by itself in 45 seconds.');
      const retry = page.waitForRequest((request) => request.method() === 'POST');
      await page.clock.fastForward(45_500);
      expect((await retry).postData()).toBe('identifier=mara.linde%40tidewater.example');
    });
  });

  test('a busy page that was told not to stays as it is', async () => {
    await on('busy', {}, async (page) => {
      await page.clock.install();
      await page.reload();
      let sent = 0;
      page.on('request', (request) => {
        if (request.method() === 'POST') sent += 1;
      });
      await page.getByRole('button', { name: 'Do not try by itself' }).click();
      await page.clock.fastForward(60_000);
      expect(await page.locator('[data-seconds]').isVisible()).toBe(false);
      expect(await page.locator('#retry-submit').isVisible()).toBe(true);
      expect(sent).toBe(0);
    });
  });

  test('a time is that of the person’s clock', async () => {
    await on('too_many_tries', { timezoneId: 'Asia/Kathmandu' }, async (page) => {
      const line = page.locator('[data-time]');
      const time = new Date((await line.getAttribute('data-time')) ?? '').toLocaleTimeString('en-GB', {
        hour: 'numeric',
        minute: '2-digit',
        timeZone: 'Asia/Kathmandu',
      });
      expect(await line.textContent()).toMatch(/^You can try again at /);
      expect(await line.textContent()).toContain(time);
    });
  });
});

test('the answer to a form may lead to an application on another origin', async () => {
  const client = await startGallery();
  const page = await chromium.newPage();
  await page.goto(`${gallery.origin}/pages/consent`);
  await page.route('**/pages/consent', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    return route.fulfill({ status: 303, headers: { location: `${client.origin}/pages/signed_out` } });
  });
  await page.click('#consent-allow');
  await page.waitForURL(`${client.origin}/pages/signed_out`);
  await page.close();
  await client.close();
});

test('the levels move towards each other, and stand equal at the end', async () => {
  const difference = async (name: string) => {
    let gap = Number.NaN;
    await on(name, { viewport: desktop }, async (page) => {
      const [up, down] = await Promise.all(
        ['.up', '.down'].map(async (selector) => (await page.locator(selector).boundingBox())?.height ?? 0),
      );
      gap = (up ?? 0) - (down ?? 0);
    });
    return gap;
  };
  const first = await difference('sign_in');
  const third = await difference('consent');
  expect(first).toBeGreaterThan(third);
  expect(third).toBeGreaterThan(0);
  expect(await difference('signed_out')).toBe(0);
});

test('forced colours and print leave the words', async () => {
  await on('sign_in_error', { forcedColors: 'active' }, async (page) => {
    expect(await page.locator('.up').isVisible()).toBe(false);
    expect(await page.locator('.err').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.foot').isVisible()).toBe(false);
    expect(await page.locator('h1').isVisible()).toBe(true);
  });
});
