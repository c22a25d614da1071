// Every screen and state of the window, and how to get there.
import type { Page } from 'playwright-core';
import { FAKE_KEY } from '../../src/backend/fake/vaults.ts';

export type Place = {
  name: string;
  fake?: string;
  hash?: string;
  more?: Record<string, string>;
  /** What to do after the window is open, ending when the screen is there. */
  enter: (page: Page) => Promise<void>;
};

const heading = (name: string | RegExp) => async (page: Page) => {
  await page.getByRole('heading', { level: 1, name }).waitFor();
};

async function home(page: Page): Promise<void> {
  await page.getByText('Last proven restorable').waitFor();
}

async function connect(page: Page, token = 'glpat-minimal'): Promise<void> {
  await page.getByLabel('Personal access token').fill(token);
  await page.keyboard.press('Enter');
  await heading('What this token allows')(page);
}

async function toWhat(page: Page): Promise<void> {
  await connect(page);
  await page.getByRole('button', { name: 'Continue with this token' }).click();
  await heading('What to protect')(page);
  await page.getByText(/projects in .* groups today/).waitFor();
}

async function toWhere(page: Page): Promise<void> {
  await toWhat(page);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('The folder will be made.').waitFor();
}

async function toKit(page: Page): Promise<void> {
  await toWhere(page);
  await page.getByRole('button', { name: 'Make the vault' }).click();
  await heading('Save the recovery kit')(page);
}

async function toWhen(page: Page): Promise<void> {
  await toKit(page);
  await page.getByRole('button', { name: 'Save the recovery kit' }).click();
  await page.getByText('Saved as').waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading('When to back up')(page);
}

async function start(page: Page): Promise<void> {
  await toWhen(page);
  await page.getByRole('button', { name: 'Start the first backup' }).click();
}

async function toFirst(page: Page): Promise<void> {
  await start(page);
  await heading('Your first backup is running')(page);
  await page
    .getByText(/of 225 items/)
    .first()
    .waitFor();
}

/** Waits until the first backup has ended under this heading. */
function ends(title: string) {
  return async (page: Page): Promise<void> => {
    await start(page);
    await heading(title)(page);
  };
}

async function toVaultWhere(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'I have a vault' }).click();
  await heading('Where is your vault?')(page);
}

/** Looks at a folder until this is said of it. */
function vaultAt(path: string, words: string) {
  return async (page: Page): Promise<void> => {
    await toVaultWhere(page);
    await page.getByLabel('Folder of the vault').fill(path);
    await page.getByText(words).first().waitFor();
  };
}

async function toVaultKey(page: Page, folder = '/media/mira/existing'): Promise<void> {
  await vaultAt(folder, 'There is a vault here.')(page);
  await page.keyboard.press('Enter');
  await heading('Enter its key')(page);
}

/** Opens the vault in a folder and ends under this heading. */
function found(title: string, folder?: string) {
  return async (page: Page): Promise<void> => {
    await toVaultKey(page, folder);
    await page.getByLabel('Key of the vault', { exact: true }).fill(FAKE_KEY);
    await page.keyboard.press('Enter');
    await heading(title)(page);
  };
}

async function restoreDialog(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Restore acme/platform/web', exact: true }).click();
  await page.getByRole('heading', { name: 'What will happen' }).waitFor();
}

async function firstRow(page: Page): Promise<void> {
  await page.locator('[data-index="1"]').waitFor();
}

export const PLACES: readonly Place[] = [
  { name: 'setup-1-connect', fake: 'empty', enter: heading('Connect your GitLab') },
  {
    name: 'setup-1-connect-refused',
    fake: 'empty',
    enter: async (page) => {
      await page.getByLabel('Personal access token').fill('glpat-wrong');
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByText('does not know this token').waitFor();
    },
  },
  {
    name: 'setup-1-connect-keychain',
    fake: 'empty',
    more: { keychain: 'locked' },
    enter: heading('Connect your GitLab'),
  },
  { name: 'setup-vault-1-where', fake: 'empty', enter: toVaultWhere },
  {
    name: 'setup-vault-1-none',
    fake: 'empty',
    enter: vaultAt('/media/mira/full', 'There is no vault here'),
  },
  {
    name: 'setup-vault-1-away',
    fake: 'empty',
    enter: vaultAt('/media/mira/away/labkeep', 'There is no such place'),
  },
  {
    name: 'setup-vault-1-drive',
    fake: 'empty',
    enter: vaultAt('/media/mira/drive', 'there is one in it'),
  },
  {
    name: 'setup-vault-1-newer',
    fake: 'empty',
    enter: vaultAt('/media/mira/newer', 'newer Labkeep'),
  },
  {
    name: 'setup-vault-1-read-only',
    fake: 'empty',
    enter: vaultAt('/root/labkeep', 'cannot be written to'),
  },
  { name: 'setup-vault-2-key', fake: 'empty', enter: (page) => toVaultKey(page) },
  {
    name: 'setup-vault-2-wrong',
    fake: 'empty',
    enter: async (page) => {
      await toVaultKey(page);
      await page.getByLabel('Key of the vault', { exact: true }).fill('K7QWM-WRONG');
      await page.keyboard.press('Enter');
      await page.getByText('This is not the key of this vault.').waitFor();
    },
  },
  {
    name: 'setup-vault-2-refused',
    fake: 'empty',
    more: { fail: 'open_vault' },
    enter: async (page) => {
      await toVaultKey(page);
      await page.getByLabel('Key of the vault', { exact: true }).fill(FAKE_KEY);
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'setup-vault-2-reading',
    fake: 'empty',
    more: { hang: 'open_vault' },
    enter: async (page) => {
      await toVaultKey(page);
      await page.getByLabel('Key of the vault', { exact: true }).fill(FAKE_KEY);
      await page.keyboard.press('Enter');
      await page.getByText('Reading what is in the vault').waitFor();
    },
  },
  {
    name: 'setup-vault-3-found',
    fake: 'empty',
    enter: found('Your backups are here again'),
  },
  {
    name: 'setup-vault-3-gaps',
    fake: 'empty',
    more: { also: 'unread' },
    enter: found('Your backups are here again, with gaps'),
  },
  {
    name: 'setup-vault-3-empty',
    fake: 'empty',
    enter: found('The vault is open, and empty', '/media/mira/unused'),
  },
  {
    name: 'setup-vault-3-token',
    fake: 'empty',
    enter: async (page) => {
      await found('Your backups are here again')(page);
      await page.getByRole('button', { name: 'Enter a token' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'setup-2-permissions', fake: 'empty', enter: (page) => connect(page) },
  { name: 'setup-2-permissions-full', fake: 'empty', enter: (page) => connect(page, 'glpat-full') },
  {
    name: 'setup-2-permissions-expiring',
    fake: 'empty',
    enter: (page) => connect(page, 'glpat-expiring'),
  },
  { name: 'setup-2-permissions-fine', fake: 'empty', enter: (page) => connect(page, 'glpat-fine') },
  { name: 'setup-2-permissions-code', fake: 'empty', enter: (page) => connect(page, 'glpat-code') },
  {
    name: 'setup-2-replace-token',
    fake: 'empty',
    enter: async (page) => {
      await connect(page);
      await page.getByRole('button', { name: 'Create a token with more permissions' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'setup-3-what', fake: 'empty', enter: toWhat },
  {
    name: 'setup-3-what-tree',
    fake: 'empty',
    enter: async (page) => {
      await toWhat(page);
      await page.getByText('Choose groups and projects').click();
      await page.getByRole('treeitem', { name: /^acme.design Owner/ }).click();
      await page.getByRole('treeitem', { name: /^acme.design.site/ }).scrollIntoViewIfNeeded();
    },
  },
  { name: 'setup-4-where', fake: 'empty', enter: toWhere },
  {
    name: 'setup-4-where-vault',
    fake: 'empty',
    enter: async (page) => {
      await toWhere(page);
      await page.getByLabel('Folder', { exact: true }).fill('/media/mira/existing');
      await page.getByLabel('Key of the vault', { exact: true }).waitFor();
    },
  },
  {
    name: 'setup-4-where-full',
    fake: 'empty',
    enter: async (page) => {
      await toWhere(page);
      await page.getByLabel('Folder', { exact: true }).fill('/media/mira/full');
      await page.getByText('This folder holds other things already.').first().waitFor();
    },
  },
  {
    name: 'setup-4-where-tight',
    fake: 'empty',
    enter: async (page) => {
      await toWhere(page);
      await page.getByLabel('Folder', { exact: true }).fill('/media/mira/small');
      await page.getByText('which may not fit here').waitFor();
    },
  },
  { name: 'setup-4-kit', fake: 'empty', enter: toKit },
  {
    name: 'setup-4-kit-postpone',
    fake: 'empty',
    enter: async (page) => {
      await toKit(page);
      await page.getByRole('button', { name: 'Remind me later' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'setup-5-when', fake: 'empty', enter: toWhen },
  {
    name: 'setup-5-when-own',
    fake: 'empty',
    enter: async (page) => {
      await toWhen(page);
      await page.getByText('Every week').click();
      await page.getByLabel('At', { exact: true }).fill('25:00');
      await page.getByText('Own numbers').click();
      await page.getByLabel('One a day for').waitFor();
      await page.getByRole('button', { name: 'Start the first backup' }).click();
      await page.getByText('Write the time like 12:30.').waitFor();
    },
  },
  { name: 'setup-6-first', fake: 'empty', more: { speed: '4' }, enter: toFirst },
  {
    name: 'setup-6-first-complete',
    fake: 'empty',
    more: { speed: '100' },
    enter: ends('Your first backup is complete'),
  },
  {
    name: 'setup-6-first-partial',
    fake: 'empty',
    more: { speed: '100', ends: 'partial' },
    enter: ends('Your first backup is saved, with gaps'),
  },
  {
    name: 'setup-6-first-failed',
    fake: 'empty',
    more: { speed: '100', ends: 'failed' },
    enter: ends('The first backup did not finish'),
  },
  { name: 'home', enter: home },
  { name: 'home-whole', fake: 'whole', enter: home },
  { name: 'home-partial', fake: 'partial', enter: home },
  { name: 'home-fresh', fake: 'fresh', enter: home },
  { name: 'home-errors', fake: 'errors', enter: home },
  { name: 'home-running', fake: 'running', enter: home },
  { name: 'home-paused', more: { also: 'paused' }, enter: home },
  { name: 'home-recovered', fake: 'recovered', more: { also: 'unread' }, enter: home },
  { name: 'home-drive', more: { also: 'drive' }, enter: home },
  { name: 'home-loss', more: { also: 'loss,damaged' }, enter: home },
  {
    name: 'home-lost',
    more: { also: 'lost' },
    enter: async (page) => {
      await home(page);
      await page.getByRole('button', { name: 'Give it up…' }).click();
      await page.getByRole('dialog').getByText('Give up what is lost?').waitFor();
    },
  },
  {
    name: 'home-loss-answer',
    more: { also: 'loss' },
    enter: async (page) => {
      await page.getByRole('button', { name: 'Look at it' }).click();
      await page.getByRole('dialog').getByText('61 of 226').waitFor();
    },
  },
  {
    name: 'home-loss-refused',
    more: { also: 'loss', fail: 'answer_loss' },
    enter: async (page) => {
      await page.getByRole('button', { name: 'Look at it' }).click();
      await page.getByText('It was not meant').click();
      await page.getByRole('button', { name: 'Answer' }).click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'home-loss-not-meant',
    more: { also: 'loss' },
    enter: async (page) => {
      await page.getByRole('button', { name: 'Look at it' }).click();
      await page.getByText('It was not meant').click();
      await page.getByRole('button', { name: 'Answer' }).click();
      await page.getByText('is kept for ever').waitFor();
    },
  },
  {
    name: 'home-minimised',
    more: { also: 'minimised' },
    enter: async (page) => {
      await home(page);
      await page.getByText('minimised window').waitFor();
    },
  },
  { name: 'home-loading', more: { hang: 'get_home' }, enter: heading('Home') },
  {
    name: 'home-refused',
    more: { fail: 'get_home' },
    enter: async (page) => {
      await page.getByRole('button', { name: 'Try again' }).waitFor();
    },
  },
  {
    name: 'projects',
    hash: '#/projects',
    enter: async (page) => {
      await firstRow(page);
      await page.getByRole('row', { name: /api-server/ }).hover();
    },
  },
  {
    name: 'projects-fresh',
    fake: 'fresh',
    hash: '#/projects',
    enter: async (page) => {
      await page.getByRole('heading', { name: 'Nothing is saved yet' }).waitFor();
    },
  },
  {
    name: 'projects-refused',
    hash: '#/projects',
    more: { fail: 'list_projects' },
    enter: async (page) => {
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'projects-many', fake: 'many', hash: '#/projects', enter: firstRow },
  {
    name: 'projects-partial',
    fake: 'partial',
    hash: '#/projects?show=partial',
    enter: firstRow,
  },
  {
    name: 'projects-filter',
    hash: '#/projects',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Show: All states' }).click();
      await page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'projects-tip',
    fake: 'partial',
    hash: '#/projects?show=partial',
    enter: async (page) => {
      await firstRow(page);
      await page.locator('i.stale').first().hover();
      await page.getByText('was kept').waitFor();
    },
  },
  {
    name: 'projects-nothing',
    hash: '#/projects',
    enter: async (page) => {
      await firstRow(page);
      await page.getByRole('searchbox').fill('no such thing');
      await page.getByText('Nothing fits').waitFor();
    },
  },
  {
    name: 'projects-loading',
    hash: '#/projects',
    more: { hang: 'list_projects' },
    enter: heading('Projects'),
  },
  {
    name: 'project',
    fake: 'partial',
    hash: '#/projects',
    enter: async (page) => {
      await page.getByRole('link', { name: 'charts', exact: true }).click();
      await page
        .getByRole('region', { name: /What was saved/ })
        .first()
        .waitFor();
    },
  },
  {
    name: 'project-gone',
    hash: '#/projects?show=gone',
    enter: async (page) => {
      await page.getByRole('link', { name: 'old-monitoring' }).click();
      await page.getByText('This project is deleted at GitLab').waitFor();
    },
  },
  {
    name: 'projects-damaged',
    more: { also: 'damaged' },
    hash: '#/projects',
    enter: async (page) => {
      await firstRow(page);
      await page.getByText('copy damaged').first().scrollIntoViewIfNeeded();
      await page.getByRole('row', { name: /api-server/ }).hover();
    },
  },
  {
    name: 'project-damaged',
    more: { also: 'damaged' },
    hash: '#/projects',
    enter: async (page) => {
      await page.getByRole('link', { name: 'web', exact: true }).click();
      await page.getByText('A saved copy of this is damaged').waitFor();
      await page.getByRole('button', { name: 'Important' }).click();
      await page.getByRole('button', { name: 'Important', pressed: true }).waitFor();
    },
  },
  {
    name: 'restore',
    hash: '#/projects',
    enter: async (page) => {
      await restoreDialog(page);
    },
  },
  {
    name: 'restore-token-refused',
    hash: '#/projects',
    enter: async (page) => {
      await restoreDialog(page);
      await page.getByLabel('Token for this restore', { exact: true }).fill('glpat-wrong');
      await page.getByRole('button', { name: 'Restore', exact: true }).click();
      await page.getByText('does not know this token').waitFor();
    },
  },
  {
    name: 'restore-change',
    hash: '#/projects',
    enter: async (page) => {
      await restoreDialog(page);
      await page.getByRole('button', { name: 'Change snapshot' }).click();
      await page.getByRole('radio').first().waitFor();
    },
  },
  {
    name: 'restore-what',
    hash: '#/projects',
    enter: async (page) => {
      await restoreDialog(page);
      await page.getByRole('button', { name: 'Choose what to restore' }).click();
      await page.getByRole('checkbox').first().waitFor();
    },
  },
  {
    name: 'restore-blocked',
    hash: '#/projects',
    enter: async (page) => {
      await restoreDialog(page);
      await page.getByRole('button', { name: 'Change destination' }).click();
      await page.getByLabel('Full path of the new project').fill('acme/platform/deploy');
      await page.getByRole('button', { name: 'Use this' }).click();
      await page.getByRole('alert').getByText('exists already').waitFor();
    },
  },
  {
    name: 'restore-running',
    hash: '#/projects',
    enter: async (page) => {
      await restoreDialog(page);
      await page.getByLabel('Token for this restore', { exact: true }).fill('glpat-full');
      await page.getByRole('button', { name: 'Restore', exact: true }).click();
      await page.getByText('Restoring acme/platform/web').first().waitFor();
    },
  },
  {
    name: 'restore-done',
    hash: '#/projects',
    more: { speed: '60' },
    enter: async (page) => {
      await restoreDialog(page);
      await page.getByLabel('Token for this restore', { exact: true }).fill('glpat-full');
      await page.getByRole('button', { name: 'Restore', exact: true }).click();
      await page.getByRole('heading', { name: 'Report' }).waitFor();
    },
  },
  {
    name: 'export',
    hash: '#/projects',
    enter: async (page) => {
      await page.getByRole('link', { name: 'web', exact: true }).click();
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'activity',
    fake: 'running',
    hash: '#/activity',
    enter: async (page) => {
      await firstRow(page);
      await page.getByText(/of 226 items/).waitFor();
    },
  },
  {
    name: 'activity-history',
    hash: '#/activity',
    enter: firstRow,
  },
  {
    name: 'activity-loading',
    hash: '#/activity',
    more: { hang: 'list_runs' },
    enter: heading('Activity'),
  },
  {
    name: 'activity-refused',
    hash: '#/activity',
    more: { fail: 'list_runs' },
    enter: async (page) => {
      await page.getByRole('button', { name: 'Try again' }).waitFor();
    },
  },
  {
    name: 'activity-fresh',
    fake: 'fresh',
    hash: '#/activity',
    enter: async (page) => {
      await page.getByRole('heading', { name: 'Nothing ran yet' }).waitFor();
    },
  },
  {
    name: 'activity-cancel',
    fake: 'running',
    hash: '#/activity',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Stopping…').waitFor();
    },
  },
  {
    name: 'run-partial',
    fake: 'partial',
    hash: '#/activity/run-997',
    enter: async (page) => {
      await page.getByText('You are Guest here').first().waitFor();
    },
  },
  {
    name: 'run-log',
    fake: 'partial',
    hash: '#/activity/run-997',
    enter: async (page) => {
      await page.getByText('Log', { exact: true }).click();
      await page.getByText('Signed in to').waitFor();
    },
  },
  { name: 'run-failed', hash: '#/activity/run-970', enter: heading(/Backup of/) },
  {
    name: 'run-drill',
    hash: '#/activity',
    enter: async (page) => {
      await page.getByRole('link', { name: 'Drill of 38 items' }).first().click();
      await page.getByText('38 repositories rebuilt').waitFor();
    },
  },
  {
    name: 'snapshots-fresh',
    fake: 'fresh',
    hash: '#/snapshots',
    enter: async (page) => {
      await page.getByRole('heading', { name: 'No snapshot yet' }).waitFor();
    },
  },
  { name: 'snapshots', hash: '#/snapshots', enter: firstRow },
  {
    name: 'snapshot',
    hash: '#/snapshots',
    enter: async (page) => {
      await page.locator('[data-index="1"]').click();
      await page.getByRole('heading', { name: 'In this snapshot' }).waitFor();
      await firstRow(page);
    },
  },
  {
    name: 'snapshots-damaged',
    more: { also: 'damaged' },
    hash: '#/snapshots',
    enter: async (page) => {
      await page.getByText('Damaged').first().waitFor();
    },
  },
  {
    name: 'snapshot-pinned',
    hash: '#/snapshots',
    enter: async (page) => {
      await page.locator('[data-index="0"]').click();
      await page.getByRole('button', { name: 'Keep for ever' }).click();
      await page.getByText('This snapshot is kept for ever.').waitFor();
    },
  },
  { name: 'settings', hash: '#/settings', enter: heading('Settings') },
  { name: 'settings-errors', fake: 'errors', hash: '#/settings', enter: heading('Settings') },
  {
    name: 'run-elsewhere',
    fake: 'recovered',
    hash: '#/activity',
    enter: async (page) => {
      await page.getByText('Backup of “Everything”').first().click();
      await page.getByText('Made on mira-laptop').waitFor();
      await page.getByText('Log', { exact: true }).click();
      await page.getByText('The log stayed on the computer').waitFor();
    },
  },
  {
    name: 'settings-recovered',
    fake: 'recovered',
    hash: '#/settings',
    enter: async (page) => {
      await page.getByText('Needs a token', { exact: true }).waitFor();
    },
  },
  {
    name: 'settings-open',
    more: { also: 'open' },
    hash: '#/settings',
    enter: async (page) => {
      const said = page.getByText('nothing is removed until you choose');
      await said.evaluate((line) => line.scrollIntoView({ block: 'center' }));
    },
  },
  {
    name: 'settings-bottom',
    hash: '#/settings',
    enter: async (page) => {
      await page.getByRole('heading', { name: 'About' }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-check',
    hash: '#/settings',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Check', exact: true }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'permissions',
    hash: '#/settings/accounts/account-1',
    enter: heading('What this token allows'),
  },
  {
    name: 'settings-copies',
    more: { also: 'behind,channels' },
    hash: '#/settings',
    enter: async (page) => {
      await page.getByRole('heading', { name: 'Second copies' }).scrollIntoViewIfNeeded();
      await page.getByText('snapshots behind').first().waitFor();
      await page.getByText('How Labkeep works').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'copy-add',
    hash: '#/settings',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Add a second copy' }).click();
      await page.getByRole('dialog').getByLabel('Folder', { exact: true }).waitFor();
    },
  },
  {
    name: 'copy-change',
    more: { also: 'copies' },
    hash: '#/settings',
    enter: async (page) => {
      const region = page.getByRole('region', { name: 'Second copies' });
      await region.getByRole('button', { name: 'Change' }).click();
      await page.getByRole('dialog').getByText('Own numbers').click();
      await page.getByRole('dialog').getByLabel('One a year for').waitFor();
    },
  },
  {
    name: 'plan',
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await heading(/Plan “Everything”/)(page);
      await page.getByText(/projects in .* groups today/).waitFor();
    },
  },
  {
    name: 'plan-when',
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await page.getByText('When', { exact: true }).click();
      await page.getByRole('heading', { name: 'Next runs' }).waitFor();
    },
  },
  {
    name: 'plan-kept',
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await page.getByText('How long', { exact: true }).click();
      await page.getByRole('button', { name: 'Show what would go' }).waitFor();
    },
  },
  {
    name: 'plan-kept-open',
    more: { also: 'open' },
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await page.getByText('How long', { exact: true }).click();
      await page.getByText('nothing is removed until you choose').waitFor();
    },
  },
  {
    name: 'plan-kept-own',
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await page.getByText('How long', { exact: true }).click();
      await page.getByText('Own numbers').click();
      for (const label of ['One a day for', 'One a week for', 'One a month for'])
        await page.getByLabel(label).fill('0');
      await page.getByText('Keep at least one copy.').waitFor();
    },
  },
  {
    name: 'plan-preview',
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await page.getByText('How long', { exact: true }).click();
      await page.getByText('Light', { exact: true }).click();
      await page.getByRole('button', { name: 'Show what would go' }).click();
      await page.getByRole('dialog').locator('[data-index="3"]').waitFor();
    },
  },
  {
    name: 'plan-preview-refused',
    more: { also: 'loss' },
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await page.getByText('How long', { exact: true }).click();
      await page.getByRole('button', { name: 'Show what would go' }).click();
      await page.getByRole('dialog').getByRole('alert').waitFor();
    },
  },
  {
    name: 'plan-remove',
    hash: '#/settings/plans/plan-1',
    enter: async (page) => {
      await page.getByText('How long', { exact: true }).click();
      await page.getByRole('button', { name: 'Show what would go' }).click();
      await page.getByRole('dialog').locator('[data-index="3"]').waitFor();
      await page.getByRole('button', { name: 'Remove now' }).click();
      await page.getByRole('dialog', { name: /^Remove/ }).waitFor();
    },
  },
  {
    name: 'rules',
    hash: '#/settings/rules',
    enter: async (page) => {
      await page.getByText('Quiet hours', { exact: true }).click();
      await page.getByLabel('From', { exact: true }).waitFor();
      await page.getByText('Saved', { exact: true }).waitFor();
    },
  },
  {
    name: 'rules-bottom',
    hash: '#/settings/rules',
    more: { also: 'paused' },
    enter: async (page) => {
      await page.getByLabel('Read all within').fill('3');
      await page.keyboard.press('Tab');
      await page.getByRole('alert').waitFor();
      await page.getByText('Rehearse restores').click();
      await page.getByText('Never rehearsed by itself').waitFor();
      await page.locator('main').evaluate((main) => main.scrollTo({ top: 2_000 }));
    },
  },
  {
    name: 'rules-refused',
    hash: '#/settings/rules',
    more: { fail: 'get_preferences' },
    enter: async (page) => {
      await page.getByRole('button', { name: 'Try again' }).waitFor();
    },
  },
  {
    name: 'notifications',
    hash: '#/settings/notifications',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Set up: Webhook' }).waitFor();
    },
  },
  {
    name: 'notifications-problem',
    more: { also: 'channels' },
    hash: '#/settings/notifications',
    enter: async (page) => {
      await page.getByText('refused the password').first().waitFor();
      await page.getByRole('button', { name: 'Send a test: Webhook' }).click();
      await page.getByText('the test was sent').waitFor();
    },
  },
  {
    name: 'notifications-test-failed',
    more: { also: 'channels' },
    hash: '#/settings/notifications',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Send a test: E-mail' }).click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'notifications-address',
    more: { also: 'channels' },
    hash: '#/settings/notifications',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Change: Webhook' }).click();
      await page.getByLabel('Address', { exact: true }).fill('hooks');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('This is not a web address.').waitFor();
    },
  },
  {
    name: 'notifications-mail',
    hash: '#/settings/notifications',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Set up: E-mail' }).click();
      await page.getByLabel('User name').fill('labkeep');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Enter the name of the mail server.').waitFor();
    },
  },
];
