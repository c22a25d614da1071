// Whole journeys through the built window on sample data.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAKE_KEY } from '../../src/backend/fake/vaults.ts';
import { MINIMUM, close, launch, open } from './browser.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

const SECRET = 'glpat-minimal-4f9a';

/** Where a secret could have been left in a page. */
async function left(page: Page, secret: string): Promise<string[]> {
  return page.evaluate((wanted) => {
    const values = [...document.querySelectorAll('input, textarea')].map(
      (field) => (field as HTMLInputElement).value,
    );
    const places: Record<string, string> = {
      document: document.documentElement.outerHTML,
      fields: values.join(' '),
      address: location.href,
      title: document.title,
      history: JSON.stringify(history.state ?? null),
      stored: JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }),
      cookies: document.cookie,
    };
    return Object.keys(places).filter((place) => places[place]?.includes(wanted));
  }, secret);
}

describe('a vault from another computer', () => {
  test('brings everything back without a GitLab, by keyboard alone', async () => {
    const opened = await open(browser, { fake: 'empty', more: { speed: '25' }, size: MINIMUM });
    const { page } = opened;
    const enter = page.getByRole('button', { name: 'I have a vault' });
    await enter.focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Folder of the vault').fill('/media/mira/existing');
    await page.keyboard.press('Enter');
    const key = page.getByLabel('Key of the vault', { exact: true });
    await key.fill('K7QWM-WRONG');
    await page.keyboard.press('Enter');
    await page.getByText('This is not the key of this vault.').waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    expect(await page.getByLabel('Folder of the vault').inputValue()).toBe('/media/mira/existing');
    await page.getByText('There is a vault here.').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    expect(await key.inputValue()).toBe('K7QWM-WRONG');
    await key.fill(FAKE_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your backups are here again' }).waitFor();
    expect(await left(page, FAKE_KEY)).toEqual([]);
    await page.getByText(/^\d+, the oldest of/).waitFor();

    await page.keyboard.press('Enter');
    await page.getByText('Saved, but backups need a token').waitFor();
    await page.getByText('Next: needs a token').waitFor();
    await page.getByText('Nothing of “Everything” is backed up until one is entered.').waitFor();
    await page.getByRole('link', { name: 'Projects' }).click();
    await page.getByRole('button', { name: 'Restore acme/platform/web', exact: true }).click();
    await page.getByLabel('Token for this restore', { exact: true }).waitFor();
    await page.keyboard.press('Escape');

    await page.getByRole('link', { name: 'Home' }).click();
    await page.getByRole('button', { name: 'Enter a token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Personal access token').fill(SECRET);
    await page.keyboard.press('Enter');
    await page.getByText('is backed up until one is entered').waitFor({ state: 'detached' });
    expect(await left(page, SECRET)).toEqual([]);
    await close(opened);
  });
});

describe('set-up', () => {
  test('leads from a token to the first backup and on to Home', async () => {
    const opened = await open(browser, { fake: 'empty', more: { speed: '25' } });
    const { page } = opened;
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.getByLabel('Personal access token').fill(SECRET);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'What this token allows' }).waitFor();
    expect(await left(page, SECRET)).toEqual([]);

    await page.getByRole('row', { name: /^read_api Granted/ }).waitFor();
    await page.getByRole('row', { name: /^read_registry Included/ }).waitFor();
    await page.getByRole('row', { name: /^api Missing/ }).waitFor();
    await page.getByRole('row', { name: /^write_repository For restore/ }).waitFor();
    await page.getByText('With minimal privileges, some metadata may not be included.').waitFor();
    await page.getByRole('button', { name: 'Continue with this token' }).click();

    await page.getByText('Choose groups and projects').click();
    await page.getByRole('treeitem', { name: /^acme.design / }).click();
    await page.getByText('209 of 213 projects').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();

    await page.getByText('The folder will be made.').waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByText('209 of 213 projects').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Make the vault' }).click();

    await page.getByRole('heading', { name: 'Save the recovery kit' }).waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    const dialog = page.getByRole('dialog', { name: 'Go on without it?' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Save the recovery kit' }).click();
    await page.getByText('Saved as').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();

    await page.getByRole('heading', { name: 'When to back up' }).waitFor();
    await page.getByText('Every week').click();
    await page.getByLabel('Day of the week').selectOption('Sunday');
    await page.getByLabel('At', { exact: true }).fill('9:15');
    await page.getByText('Long', { exact: true }).click();
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    expect(await page.getByLabel('At', { exact: true }).inputValue()).toBe('09:15');
    await page.getByRole('button', { name: 'Start the first backup' }).click();

    await page.getByRole('heading', { name: 'Your first backup is complete' }).waitFor();
    await page.getByText('every Sunday at 09:15').waitFor();
    await page.getByRole('button', { name: 'Go to Home' }).click();
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    await page.getByText('Copies of 213 projects in 12 groups.').waitFor();
    expect(await left(page, SECRET)).toEqual([]);
    await close(opened);
  });

  test('with the keyboard alone', async () => {
    const opened = await open(browser, { fake: 'empty', size: MINIMUM, more: { speed: '25' } });
    const { page } = opened;
    const press = (...keys: string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await page.getByRole('heading', { name: 'Connect your GitLab' }).waitFor();
    await press('Tab', 'Tab', 'Tab', 'Tab');
    await page.keyboard.type('glpat-read');
    await press('Enter');
    await page.getByRole('heading', { name: 'What this token allows' }).waitFor();
    const next = page.getByRole('button', { name: 'Continue with this token' });
    while (!(await next.evaluate((button) => button === document.activeElement)))
      await press('Tab');
    await press('Enter');

    await page.getByRole('heading', { name: 'What to protect' }).waitFor();
    await press('Tab', 'ArrowDown');
    await page.getByRole('treeitem').first().waitFor();
    await press('Tab', 'Tab', 'ArrowDown', 'ArrowDown', 'Space');
    await page.getByText('209 of 213 projects').waitFor();
    await press('ArrowLeft');
    expect(await page.getByRole('treeitem', { name: /^acme.design.site/ }).count()).toBe(0);
    await press('Enter');

    await page.getByText('The folder will be made.').waitFor();
    await press('Tab');
    await press('Enter');
    await page.getByRole('heading', { name: 'Save the recovery kit' }).waitFor();
    await press('Tab', 'Tab', 'Enter');
    const dialog = page.getByRole('dialog', { name: 'Go on without it?' });
    await dialog.waitFor();
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.locator('button:focus', { hasText: 'Remind me later' }).waitFor();
    await press('Tab', 'Tab');
    await page.locator('button:focus', { hasText: 'Continue' }).waitFor();
    await press('Enter');
    await dialog.waitFor();
    await press('Tab', 'Tab', 'Tab', 'Enter');
    await page.getByRole('heading', { name: 'When to back up' }).waitFor();
    await press('Tab', 'Tab', 'Enter');
    await page.getByRole('heading', { name: /Your first backup/ }).waitFor();
    await close(opened);
  });

  test('a token that cannot back up is told why and goes no further', async () => {
    const opened = await open(browser, { fake: 'empty' });
    const { page } = opened;
    await page.getByLabel('Personal access token').fill('glpat-code');
    await page.keyboard.press('Enter');
    await page.getByText('This token cannot list projects.').waitFor();
    const next = page.getByRole('button', { name: 'Continue with this token' });
    await next.click({ force: true });
    await page.getByRole('heading', { name: 'What this token allows' }).waitFor();

    await page.getByRole('button', { name: 'Create a token with more permissions' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Personal access token').fill('glpat-full');
    await dialog.getByRole('button', { name: 'Check and keep' }).click();
    await page.getByRole('row', { name: /^api Granted/ }).waitFor();
    await next.click();
    await page.getByRole('heading', { name: 'What to protect' }).waitFor();
    await close(opened);
  });
});

describe('restore', () => {
  test('shows its plan, takes a token for this once, reports with links', async () => {
    const opened = await open(browser, { hash: '#/projects', more: { speed: '25' } });
    const { page } = opened;
    await page.getByRole('searchbox', { name: 'Search projects' }).fill('platform web');
    await page.getByRole('button', { name: 'Restore acme/platform/web' }).click();
    const dialog = page.getByRole('dialog', { name: 'Restore web' });
    await dialog.getByText('acme/platform/web-restored').waitFor();
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
    await dialog.getByText('Enter a token that may write').waitFor();
    const token = dialog.getByLabel('Token for this restore');
    expect(await token.evaluate((field) => field === document.activeElement)).toBe(true);
    await token.fill('glpat-full-77aa');
    await page.keyboard.press('Enter');
    await dialog.getByRole('heading', { name: 'Report' }).waitFor();
    await dialog
      .getByRole('link', { name: /Open at GitLab/ })
      .first()
      .waitFor();
    expect(await left(page, 'glpat-full-77aa')).toEqual([]);
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await dialog.waitFor({ state: 'detached' });
    await close(opened);
  });

  test('asks before it is cancelled, and can be resumed', async () => {
    const opened = await open(browser, { hash: '#/projects', more: { speed: '4' } });
    const { page } = opened;
    await page.getByRole('button', { name: 'Restore acme/platform/deploy' }).click();
    await page.getByRole('dialog').getByLabel('Token for this restore').fill('glpat-full');
    await page.getByRole('dialog').getByRole('button', { name: 'Restore', exact: true }).click();
    await page.getByRole('button', { name: 'Show the run' }).click();
    await page.getByRole('main').getByRole('button', { name: 'Cancel' }).click();
    const ask = page.getByRole('dialog', { name: /^Cancel/ });
    await ask.getByRole('button', { name: 'Keep going' }).click();
    await page.getByRole('main').getByRole('button', { name: 'Cancel' }).click();
    await ask.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('You cancelled it.').first().waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    const again = page.getByRole('dialog', { name: /^Resume the restore of/ });
    await again.getByLabel('Token for this restore').fill('glpat-full');
    await page.keyboard.press('Enter');
    await page.getByText('Restoring acme/platform/deploy').first().waitFor();
    await close(opened);
  });
});

describe('runs', () => {
  test('one under way is there when the window opens again, and can be cancelled', async () => {
    const opened = await open(browser, { fake: 'running', hash: '#/home', more: { speed: '2' } });
    const { page } = opened;
    await page.getByText('Backing up “Everything”').first().waitFor();
    await page.reload();
    await page.getByText('Backing up “Everything”').first().waitFor();
    await page.getByRole('button', { name: 'Show progress' }).click();
    await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Aborted: You cancelled it').click();
    await page.getByRole('heading', { name: 'Backup of “Everything”' }).waitFor();
    await page.getByText('You cancelled it.').first().waitFor();
    await close(opened);
  });

  test('back up now leads to progress and to a new snapshot', async () => {
    const opened = await open(browser, { more: { speed: '40' } });
    const { page } = opened;
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
    await page.getByRole('button', { name: 'Back up now' }).waitFor();
    await page.getByRole('link', { name: 'Snapshots' }).click();
    await page.getByRole('heading', { name: 'Snapshots' }).waitFor();
    await page.getByText('41', { exact: true }).waitFor();
    await close(opened);
  });
});

describe('what is damaged and gone at GitLab', () => {
  const enter = async (more: Record<string, string> = {}) => {
    const opened = await open(browser, {
      fake: 'whole',
      more: { also: 'lost', speed: '100', ...more },
    });
    const { page } = opened;
    const alarm = page.getByRole('heading', { name: /acme\/labs\/toy is affected/ });
    await alarm.waitFor();
    const ask = page.getByRole('dialog', { name: 'Give up what is lost?' });
    const giveUp = page.getByRole('button', { name: 'Give it up…' });
    return { opened, page, alarm, ask, giveUp };
  };

  test('stays an alarm as long as it is kept', async () => {
    const { opened, page, alarm, ask, giveUp } = await enter();
    await giveUp.click();
    await ask.getByRole('button', { name: 'Keep it' }).click();
    await ask.waitFor({ state: 'detached' });
    await giveUp.click();
    await page.keyboard.press('Escape');
    await ask.waitFor({ state: 'detached' });
    expect(await alarm.isVisible()).toBe(true);
    expect(new URL(page.url()).hash).toBe('#/home');
    await close(opened);
  });

  test('is given up, what is left is checked, and then all is well', async () => {
    const { opened, page, alarm, ask, giveUp } = await enter();
    await giveUp.click();
    await ask.getByRole('button', { name: 'Give it up', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Check of Backups' }).waitFor();
    await ask.waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('Complete', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: 'Home' }).click();
    await page.getByRole('heading', { name: 'All that Labkeep saves is protected' }).waitFor();
    await page.getByText('Protected', { exact: true }).waitFor();
    expect(await alarm.count()).toBe(0);
    expect(await giveUp.count()).toBe(0);
    await close(opened);
  });

  test('that cannot be given up stays, and the reason is said', async () => {
    const { opened, page, alarm, ask, giveUp } = await enter({ fail: 'give_up_damaged' });
    await giveUp.click();
    await ask.getByRole('button', { name: 'Give it up', exact: true }).click();
    await page.getByRole('status').getByText('gitlab.com does not answer.').waitFor();
    await ask.waitFor({ state: 'detached' });
    expect(await alarm.isVisible()).toBe(true);
    await close(opened);
  });
});

describe('settings', () => {
  test('a plan goes, then its vault and account can go as well', async () => {
    const opened = await open(browser, { hash: '#/settings' });
    const { page } = opened;
    const plans = page.getByRole('region', { name: 'Plans' });
    await plans.getByRole('button', { name: 'Remove' }).click();
    const dialog = page.getByRole('dialog', { name: /^Remove the plan/ });
    await dialog.getByText('The copies that it made stay').waitFor();
    await dialog.getByRole('button', { name: 'Remove the plan' }).click();
    await page.getByText('The plan was removed.').waitFor();
    await page.getByRole('button', { name: 'Forget' }).click();
    await page.getByRole('button', { name: 'Forget the vault' }).click();
    await page.getByText('The vault was forgotten.').waitFor();
    await page.getByRole('link', { name: 'Home' }).click();
    await page.getByRole('button', { name: 'Set up a backup' }).click();
    await page.getByRole('heading', { name: 'Connect your GitLab' }).waitFor();
    await close(opened);
  });
});

describe('10,000 projects', () => {
  test('are listed, found and walked through while few rows exist', async () => {
    const opened = await open(browser, { fake: 'many', hash: '#/projects' });
    const { page } = opened;
    const rows = page.getByRole('treegrid').getByRole('row');
    await rows.nth(5).waitFor();
    await page.getByText('10,000', { exact: true }).waitFor();
    expect(await page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('10276');
    expect(await rows.count()).toBeLessThan(60);

    // Going into a project and back finds the list where it was.
    await page.locator('.scroller').evaluate((list) => (list.scrollTop = 40_000));
    await page.locator('[data-index="1056"]').click({ position: { x: 500, y: 10 } });
    await page.getByRole('heading', { name: /^Versions/ }).waitFor();
    await page.goBack();
    await page.locator('[data-index="1056"]').waitFor();
    await page.locator('[data-index="1056"]').focus();
    await page.keyboard.press('End');
    await page.locator('[data-index="10274"]').waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-index'))).toBe(
      '10274',
    );
    expect(await rows.count()).toBeLessThan(60);

    // Every step of the way is filled: no blank between two frames.
    const blank = await page.evaluate(async () => {
      const list = document.querySelector<HTMLElement>('.scroller')!;
      let worst = 0;
      for (let top = 0; top < 60_000; top += 1_700) {
        list.scrollTop = top;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const first = Math.floor(list.scrollTop / 38);
        const last = Math.floor((list.scrollTop + list.clientHeight - 38) / 38) - 1;
        for (let index = first; index <= last; index += 1) {
          if (!list.querySelector(`[data-index="${index}"]`)) worst += 1;
        }
      }
      return worst;
    });
    expect(blank).toBe(0);

    await page.getByRole('searchbox').fill('division-20 team-03');
    await page.getByRole('row', { name: /^team-03/ }).waitFor();
    await close(opened);
  });
});
