// Addresses, project filters and what in the settings needs the user.
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../backend/fake/schedule.ts';
import type { Cell, Overview, ProjectRow } from '../backend/bindings.ts';
import { fitsFilter, sizesOf } from './projects.ts';
import { hrefOf, routeOf, sectionOf, type Route } from './routes.ts';
import { expires, settingsIssues } from './settings.ts';

describe('addresses', () => {
  test.each<Route>([
    { page: 'home' },
    { page: 'projects', filter: 'all' },
    { page: 'projects', filter: 'gone' },
    { page: 'project', account: 'a/b', item: { sort: 'project', id: 7 } },
    { page: 'snapshot', id: 'ff00' },
    { page: 'run', id: 'run 1?' },
    { page: 'permissions', account: 'x' },
    { page: 'plan', id: 'p' },
    { page: 'rules' },
    { page: 'notifications' },
    { page: 'setup' },
  ])('%j leads there and back', (route) => {
    expect(routeOf(hrefOf(route))).toEqual(route);
  });

  test.each(['', '#/', '#/nowhere', '#/projects/a/thing/7', '#/projects/a/project/x', '#/%'])(
    '%s leads somewhere that exists',
    (hash) => {
      expect(['home', 'projects']).toContain(sectionOf(routeOf(hash)));
    },
  );
});

function row(change: Partial<ProjectRow>): ProjectRow {
  return {
    account: 'a',
    item: { sort: 'project', id: 1 },
    path: 'acme/web',
    name: 'web',
    depth: 1,
    cells: [],
    last_saved_at: 1,
    bytes: 10,
    gone_since: null,
    remarks: [],
    protected: true,
    proven_at: null,
    important: false,
    distrusted_since: null,
    ...change,
  };
}

function cell(change: Partial<Cell>): Cell {
  return { kind: 'wiki', state: 'saved', stale_since: null, reason: null, ...change };
}

describe('project filters', () => {
  test('unprotected is what no plan covers or was never saved', () => {
    expect(fitsFilter(row({ protected: false }), 'unprotected')).toBe(true);
    expect(fitsFilter(row({ last_saved_at: null }), 'unprotected')).toBe(true);
    expect(fitsFilter(row({}), 'unprotected')).toBe(false);
  });

  test('a group that is only a place in the tree is not unprotected', () => {
    const group = row({ item: { sort: 'group', id: 2 }, protected: false });
    expect(fitsFilter(group, 'unprotected')).toBe(false);
  });

  test('partial is what could not be read, for whatever reason', () => {
    for (const state of ['no_right', 'not_offered', 'failed'] as const) {
      expect(fitsFilter(row({ cells: [cell({ state })] }), 'partial')).toBe(true);
    }
    expect(fitsFilter(row({ cells: [cell({ state: 'empty' })] }), 'partial')).toBe(false);
  });

  test('stale and gone', () => {
    expect(fitsFilter(row({ cells: [cell({ stale_since: 4 })] }), 'stale')).toBe(true);
    expect(fitsFilter(row({ gone_since: 4 }), 'gone')).toBe(true);
  });

  test('a group has the bytes of everything below it', () => {
    const sizes = sizesOf([
      row({ path: 'acme', item: { sort: 'group', id: 2 }, bytes: 1 }),
      row({ path: 'acme/web', bytes: 10 }),
      row({ path: 'acme/ops/charts', bytes: 100 }),
      row({ path: 'acmex/other', bytes: null }),
    ]);
    expect(sizes.get('acme')).toBe(111);
    expect(sizes.get('acme/ops')).toBe(100);
    expect(sizes.has('acmex')).toBe(false);
  });
});

describe('settings', () => {
  test('a token is about to expire from two weeks before, and after', () => {
    expect([15, 14, 0, -3, null].map(expires)).toEqual([false, true, true, true, false]);
  });

  test('counts tokens, vaults and the keychain', () => {
    const account = {
      id: 'a',
      name: '',
      url: '',
      host: '',
      username: null,
      token_expires_at: null,
      token_days_left: 3,
    };
    const vault = {
      id: 'v',
      name: '',
      location: '',
      reachable: true,
      problem: null,
      stored_bytes: null,
      snapshots: null,
      free_bytes: null,
      recovery_kit: 'pending' as const,
      last_checked_at: null,
      all_read_at: null,
      next_check_at: null,
    };
    const copy = {
      id: 'c',
      from: 'v',
      to: 'w',
      retention: PRESETS[0]!.retention,
      copied_at: null,
      behind: 3,
      waits_for: 'for a drive',
      problem: null,
    };
    const overview: Overview = {
      version: '',
      set_up: true,
      protection: 'protected',
      accounts: [account],
      vaults: [vault, { ...vault, recovery_kit: 'saved' }],
      plans: [],
      attention: 0,
      running: null,
      keychain_problem: 'locked',
      suggested_vault: '',
      paused_until: null,
      copies: [copy, { ...copy, problem: 'full' }],
      retention_presets: [],
    };
    expect(settingsIssues(overview)).toBe(4);
  });
});
