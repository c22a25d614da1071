// Rules about runs and their ledgers.
import { describe, expect, test } from 'vitest';
import type { LedgerLineView, LedgerState } from '../backend/bindings.ts';
import { wantsConfirmation } from './cancelling.ts';
import { projectsOfLedger } from './contents.ts';
import { faceOf } from './coverage.ts';
import { countsOf, filterOf, filtered } from './ledger.ts';
import { barHeights } from './strip.ts';

function line(path: string, state: LedgerState, id = 1): LedgerLineView {
  return {
    item: { sort: 'project', id },
    path,
    kind: 'wiki',
    state,
    stale_since: null,
    count: null,
    bytes: null,
    reason: null,
    remedy: null,
  };
}

const STATES: readonly LedgerState[] = [
  'saved',
  'unchanged',
  'empty',
  'feature_off',
  'no_right',
  'not_offered',
  'failed',
];

describe('ledger', () => {
  test('what is there and was not saved is missing, in every form', () => {
    const missing = STATES.filter((state) => filterOf(line('a', state)) === 'missing');
    expect(missing).toEqual(['no_right', 'not_offered', 'failed']);
  });

  test('counts add up to all lines', () => {
    const counts = countsOf(STATES.map((state) => line('a', state)));
    expect(counts.missing + counts.saved + counts.nothing).toBe(counts.all);
  });

  test('filters by state and path', () => {
    const lines = [
      line('acme/web', 'failed'),
      line('acme/api', 'failed'),
      line('acme/web', 'saved'),
    ];
    expect(filtered(lines, 'missing', 'web')).toEqual([lines[0]]);
    expect(filtered(lines, 'all', '')).toEqual(lines);
  });

  test('a kind that is not handed out is never drawn as empty', () => {
    expect(faceOf('not_offered', null)).not.toBe('nothing');
  });

  test('a failure with an earlier version is stale, without one it failed', () => {
    expect(faceOf('failed', 5)).toBe('stale');
    expect(faceOf('failed', null)).toBe('failed');
  });
});

describe('contents of a snapshot', () => {
  test('one row a project with its saved and missing kinds', () => {
    const lines = [line('b', 'saved', 2), line('a', 'saved', 1), line('b', 'failed', 2)];
    expect(projectsOfLedger(lines)).toEqual([
      { item: { sort: 'project', id: 1 }, path: 'a', kinds: { saved: 1, missing: 0 } },
      { item: { sort: 'project', id: 2 }, path: 'b', kinds: { saved: 1, missing: 1 } },
    ]);
  });
});

describe('cancelling', () => {
  test('a restore always asks, because it has created things', () => {
    expect(wantsConfirmation('restore', 0)).toBe(true);
  });

  test('a backup asks once minutes of work would be lost', () => {
    expect(wantsConfirmation('backup', 20_000)).toBe(false);
    expect(wantsConfirmation('backup', 10 * 60_000)).toBe(true);
  });

  test('what only reads does not ask', () => {
    expect(wantsConfirmation('verify', 10 * 60_000)).toBe(false);
  });
});

describe('bars', () => {
  test('a day without data has no height, a small one can be seen', () => {
    const heights = barHeights([0, 1, 1_000_000]);
    expect(heights[0]).toBe(0);
    expect(heights[1]).toBeGreaterThan(0);
    expect(heights[2]).toBe(1);
  });

  test('no data at all is drawn flat', () => {
    expect(barHeights([0, 0])).toEqual([0, 0]);
  });
});
