// Accounts, tokens and what they see, in the sample data.
import type { AppError, VisibleItem } from '../bindings.ts';
import type { Topic } from '../fake.ts';
import { PURPOSE_SCOPES, checklist, tokenSort } from './checklist.ts';
import { home, overview } from './home.ts';
import type { World } from './world.ts';

const DAY = 24 * 3_600_000;

export function reject(code: AppError['code'], message: string, hint: string | null = null): never {
  throw { code, message, hint } satisfies AppError;
}

type Names =
  | 'getOverview'
  | 'getHome'
  | 'connectAccount'
  | 'checkAccount'
  | 'removeAccount'
  | 'openTokenPage'
  | 'openLink'
  | 'listVisibleItems'
  | 'getAppearance'
  | 'setAppearance'
  | 'quitLabkeep';

export function accountCommands(world: World): Topic<Names> {
  const find = (id: string) =>
    world.accounts.find((account) => account.id === id) ??
    reject('not_found', 'This account is not known any more.');
  const check = (id: string) => {
    const account = find(id);
    const sort =
      world.tokens.get(id) ??
      reject('token', `There is no token for ${account.host} here.`, 'Enter one first.');
    return checklist(id, account.host, sort, Math.max(world.projects, 1), world.now);
  };
  const openPage = (address: string): null => {
    window.open(address, '_blank', 'noopener');
    return null;
  };
  return {
    getOverview: async () => overview(world),
    getHome: async () => home(world),
    connectAccount: async (request, token) => {
      const url = address(request.url);
      refuseBadToken(token, new URL(url).host);
      const known = world.accounts.find(({ id }) => id === request.account);
      const account = known ?? world.addAccount(url, tokenSort(token));
      world.tokens.set(account.id, tokenSort(token));
      account.username ??= tokenSort(token) === 'code' ? null : 'mira';
      if (account.username !== null) account.name = `${account.host} · @${account.username}`;
      account.token_days_left = tokenSort(token) === 'expiring' ? 9 : 339;
      account.token_expires_at = world.now + account.token_days_left * DAY;
      world.emit({ type: 'changed' });
      return { account, checklist: check(account.id) };
    },
    checkAccount: async (id) => check(id),
    removeAccount: async (id) => {
      const used = world.plans.find(({ account }) => account === id);
      if (used)
        reject('refused', `The plan “${used.name}” uses this account.`, 'Change the plan first.');
      world.accounts = world.accounts.filter((account) => account.id !== id);
      world.emit({ type: 'changed' });
      return null;
    },
    openTokenPage: async (url, purpose) =>
      openPage(
        `${address(url)}/-/user_settings/personal_access_tokens?name=Labkeep&scopes=${PURPOSE_SCOPES[purpose]}`,
      ),
    openLink: async (url) => openPage(url),
    listVisibleItems: async (id) => {
      find(id);
      return visible(world);
    },
    getAppearance: async () => world.appearance,
    quitLabkeep: async () => null,
    setAppearance: async (appearance) => {
      world.appearance = appearance;
      return null;
    },
  };
}

function address(typed: string): string {
  const text = typed.trim();
  if (text === '') reject('address', 'Enter the address of your GitLab.');
  let url: URL;
  try {
    url = new URL(/^https?:\/\//.test(text) ? text : `https://${text}`);
  } catch {
    return reject(
      'address',
      `“${text}” is not an address.`,
      'It looks like https://gitlab.example.com.',
    );
  }
  if (url.host.includes('unreachable')) {
    reject('address', `${url.host} does not answer.`, 'Check the address and the network.');
  }
  return url.origin;
}

function refuseBadToken(token: string, host: string): void {
  if (token.trim() === '') reject('token', 'Enter a token.');
  if (token.includes('expired')) {
    reject('token', 'This token has expired.', 'Create a new one at GitLab.');
  }
  if (token.includes('wrong')) {
    reject(
      'token',
      `${host} does not know this token.`,
      'Copy it again: GitLab shows it only once, right after it was created.',
    );
  }
}

function visible(world: World): VisibleItem[] {
  const groups = new Set(
    world.rows.filter(({ item }) => item.sort === 'group').map(({ path }) => path),
  );
  return world.rows
    .filter(({ gone_since }) => gone_since === null)
    .map((row) => {
      const parent = row.path.slice(0, Math.max(0, row.path.lastIndexOf('/')));
      const project = row.item.sort === 'project';
      return {
        item: row.item,
        path: row.path,
        name: row.name,
        parent: groups.has(parent) ? parent : null,
        role: project ? (row.path.startsWith('acme/design') ? 'Guest' : 'Maintainer') : 'Owner',
        archived: project && row.item.id % 23 === 0,
        bytes: project ? (row.item.id % 40) * 6_000_000 : null,
        last_activity_at: project ? world.now - (row.item.id % 90) * DAY : null,
      };
    });
}
