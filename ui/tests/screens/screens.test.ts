// Every screen in both themes and both sizes: nothing breaks, axe finds
// nothing, nothing overflows, and a picture is taken to be looked at.
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  { theme: 'light', size: MINIMUM },
  { theme: 'dark', size: MINIMUM },
];

describe.each(looks)('in $theme at $size.width', ({ theme, size }) => {
  test.each(places)('$name is accessible and whole', async ({ name, fake, hash, more, enter }) => {
    const opened = await open(browser, {
      theme,
      size,
      ...(fake === undefined ? {} : { fake }),
      ...(hash === undefined ? {} : { hash }),
      ...(more === undefined ? {} : { more }),
    });
    const { page } = opened;
    await enter(page);
    await page.screenshot({
      path: join(FOLDER, `${name}-${theme}-${size.width}.png`),
      animations: 'disabled',
    });
    const sideways = await page.evaluate(() => ({
      window: document.documentElement.scrollWidth - innerWidth,
      main: (() => {
        const main = document.querySelector('main');
        return main === null ? 0 : main.scrollWidth - main.clientWidth;
      })(),
      lists: [...document.querySelectorAll('.scroller')].map(
        (list) => list.scrollWidth - list.clientWidth,
      ),
    }));
    expect(sideways.window + sideways.main).toBe(0);
    expect(sideways.lists.filter((over) => over > 0)).toEqual([]);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    const found = violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary ?? ''}`),
    }));
    expect(found).toEqual([]);
    await close(opened);
  });
});

declare global {
  interface Window {
    axe: typeof axe;
  }
}
