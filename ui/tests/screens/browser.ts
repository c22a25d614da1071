// The built window in Chromium.
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, inject } from 'vitest';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A fixed moment, so that texts and pictures are the same every time. */
export const NOW = '2026-11-23T14:42:00';

export type Theme = 'light' | 'dark';
export type Size = { width: number; height: number };

export const MINIMUM: Size = { width: 860, height: 600 };
export const USUAL: Size = { width: 1280, height: 800 };

export async function launch(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

export type Opened = {
  page: Page;
  /** What went wrong in the page, broken security policies included. */
  problems: string[];
};

type Wanted = {
  fake?: string;
  hash?: string;
  size?: Size;
  more?: Record<string, string>;
};

export async function open(browser: Browser, wanted: Wanted = {}): Promise<Opened> {
  const context = await browser.newContext({
    viewport: wanted.size ?? USUAL,
    locale: 'en-GB',
    colorScheme: 'light',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(inject('address'))) problems.push(`asked for ${request.url()}`);
  });
  const query = new URLSearchParams({
    fake: wanted.fake ?? 'demo',
    now: NOW,
    ...wanted.more,
  });
  await page.goto(`${inject('address')}?${query.toString()}${wanted.hash ?? '#/home'}`);
  await page.getByRole('main').waitFor();
  return { page, problems };
}

/** Closes the page and expects that nothing went wrong in it. */
export async function close({ page, problems }: Opened): Promise<void> {
  await page.context().close();
  expect(problems).toEqual([]);
}
