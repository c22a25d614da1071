// Every screen in both themes and both sizes: nothing breaks, axe finds
// nothing, nothing overflows, and a picture is taken to be looked at.
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MINIMUM, USUAL, close, launch, open, type Size, type Theme } from './browser.ts';
import { PLACES } from './places.ts';

const FOLDER = join(import.meta.dirname, '../../screenshots');
const only = process.env['PLACES']?.split(',');
const places = PLACES.filter(
  ({ name }) => only === undefined || only.some((part) => name.startsWith(part)),
);

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await mkdir(FOLDER, { recursive: true });
});

afterAll(async () => {
  await browser.close();
});

const looks: readonly { theme: Theme; size: Size }[] = [
  { theme: 'light', size: USUAL },
  { theme: 'dark', size: USUAL },
  { theme: 'dark', size: MINIMUM },
  { theme: 'light', size: MINIMUM },
];

/** Axe looks once at each theme and once at each size. */
const judged = new Set([looks[0], looks[2]]);

test.each(places)('$name is accessible and whole', async ({ name, fake, hash, more, enter }) => {
  const opened = await open(browser, {
    ...(fake === undefined ? {} : { fake }),
    ...(hash === undefined ? {} : { hash }),
    ...(more === undefined ? {} : { more }),
  });
  const { page } = opened;
  await enter(page);
  for (const look of looks) {
    const { theme, size } = look;
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(size);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    await page.screenshot({
      path: join(FOLDER, `${name}-${theme}-${size.width}.png`),
      animations: 'disabled',
    });
    expect(await beyond(page), `${theme} at ${size.width}`).toEqual([]);
    if (judged.has(look)) expect(await violations(page), theme).toEqual([]);
  }
  await close(opened);
});

/** Parts of the window that are wider than the room they have. */
async function beyond(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parts = [document.documentElement, ...document.querySelectorAll('main, .scroller')];
    return parts
      .filter((part) => part.scrollWidth > part.clientWidth)
      .map((part) => `${part.tagName} ${part.scrollWidth} > ${part.clientWidth}`);
  });
}

async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ['violations'] }),
  );
  return found.violations.map(({ id, nodes }) => ({
    id,
    nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
  }));
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
