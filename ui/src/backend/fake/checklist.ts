// What invented tokens allow. The name of a token in the sample data says what
// it is: glpat-code, glpat-minimal, glpat-full; anything else backs up all.
import type {
  ChecklistLineView,
  ChecklistView,
  HintView,
  ScopeStateView,
  TokenPurpose,
} from '../bindings.ts';

const DAY = 24 * 3_600_000;

export type TokenSort = 'code' | 'read' | 'full' | 'expiring' | 'fine';

const HELD: Record<TokenSort, readonly string[]> = {
  code: ['read_repository'],
  read: ['read_api', 'read_repository'],
  expiring: ['read_api', 'read_repository'],
  full: ['api', 'write_repository', 'read_registry', 'write_registry'],
  fine: [],
};

const INCLUDED: Record<string, readonly string[]> = {
  read_api: ['api'],
  read_repository: ['read_api', 'write_repository', 'api'],
  read_registry: ['read_api', 'api'],
  write_repository: ['api'],
  write_registry: ['api'],
  api: [],
};

const LINES: readonly Omit<ChecklistLineView, 'state' | 'included_by'>[] = [
  {
    scope: 'read_api',
    needed_for: 'Connect the account, list groups and projects, read metadata',
    without_it: 'No list of projects, no issues and merge requests',
  },
  {
    scope: 'read_repository',
    needed_for: 'List repositories and back them up',
    without_it: 'No repositories and wikis',
  },
  {
    scope: 'read_registry',
    needed_for: 'Back up container images of private projects',
    without_it: 'No container images',
  },
  {
    scope: 'api',
    needed_for: 'Full read and write access: all groups and projects',
    without_it: 'Slower backups of issues and merge requests; no restore of metadata and packages',
  },
  {
    scope: 'write_repository',
    needed_for: 'Restore a repository',
    without_it: 'Not needed now. A restore asks for its own token',
  },
  {
    scope: 'write_registry',
    needed_for: 'Restore container images',
    without_it: 'Not needed now. A restore asks for its own token',
  },
];

export function tokenSort(token: string): TokenSort {
  if (token.includes('code')) return 'code';
  if (token.includes('full')) return 'full';
  if (token.includes('fine')) return 'fine';
  if (token.includes('expiring')) return 'expiring';
  return 'read';
}

/** Scopes that GitLab's page has filled in, by what the token is for. */
export const PURPOSE_SCOPES: Record<TokenPurpose, string> = {
  back_up_code: 'read_api,read_repository',
  back_up_everything: 'read_api,read_repository,read_registry',
  back_up_and_restore: 'api,write_repository,read_registry,write_registry',
  restore: 'api,write_repository,read_registry,write_registry',
};

export function checklist(
  account: string,
  host: string,
  sort: TokenSort,
  projects: number,
  now: number,
): ChecklistView {
  const held = HELD[sort];
  const days = sort === 'expiring' ? 9 : 339;
  return {
    account,
    token_name: 'labkeep-laptop',
    token_kind: sort === 'fine' ? 'Fine-grained personal access token' : 'Personal access token',
    username: sort === 'code' ? null : 'mira',
    host,
    expires_at: now + days * DAY,
    days_left: days,
    gitlab: sort === 'code' ? null : 'GitLab 18.6.2 Enterprise Edition',
    direct_import: sort === 'code' ? null : true,
    roles:
      sort === 'code'
        ? []
        : [
            { role: 'Owner', projects: 12 },
            { role: 'Maintainer', projects: projects - 42 },
            { role: 'Developer', projects: 30 },
          ],
    visible_projects: sort === 'code' ? null : projects,
    lines: LINES.map((line) => lineFor(line, held, sort)),
    hints: hints(sort),
    can_back_up: sort !== 'code',
    can_restore: sort === 'full',
    checked_at: now,
  };
}

function lineFor(
  line: (typeof LINES)[number],
  held: readonly string[],
  sort: TokenSort,
): ChecklistLineView {
  const wider = INCLUDED[line.scope]?.find((scope) => held.includes(scope)) ?? null;
  const has = held.includes(line.scope);
  let state: ScopeStateView = 'missing';
  if (sort === 'fine') state = 'unknown';
  else if (has) state = 'granted';
  else if (wider !== null) state = 'included';
  else if (line.scope.startsWith('write_')) state = 'for_restore';
  const lacking = state === 'missing' || state === 'for_restore' || state === 'unknown';
  return {
    ...line,
    state,
    included_by: state === 'included' ? wider : null,
    without_it: lacking ? line.without_it : null,
  };
}

function hints(sort: TokenSort): HintView[] {
  if (sort === 'full') return [];
  const list: HintView[] = [];
  if (sort === 'code') {
    list.push({
      severity: 'danger',
      title: 'This token cannot list projects.',
      detail:
        'It has read_repository alone. Create one with read_api as well, then Labkeep can find what there is to back up.',
    });
  } else if (sort === 'fine') {
    list.push({
      severity: 'warning',
      title: 'What this fine-grained token may do shows only by trying.',
      detail: 'After the first backup, the ledger names every kind that could not be read.',
    });
  } else {
    list.push({
      severity: 'danger',
      title: 'With minimal privileges, some metadata may not be included.',
      detail:
        'Tried just now: the members of 2 projects cannot be read. Backups work, but restoring will need a new token with write permissions.',
    });
  }
  if (sort === 'expiring') {
    list.push({
      severity: 'warning',
      title: 'This token expires in 9 days.',
      detail: 'Backups stop then. Create a new one and enter it under Settings.',
    });
  }
  return list;
}
