import { describe, expect, test } from 'vitest';
import { keepInRange, movedBy, windowOf } from './rows.ts';

const sight = { top: 0, height: 380, rowHeight: 38, count: 10_000, current: null };

describe('rows in sight', () => {
  test('a long list draws only a few rows', () => {
    expect(windowOf(sight).length).toBeLessThan(30);
  });

  test('they follow the scrolling', () => {
    const rows = windowOf({ ...sight, top: 38 * 5_000 });
    expect(rows).toContain(5_000);
    expect(rows).not.toContain(0);
  });

  test('the row that may hold the focus stays', () => {
    const rows = windowOf({ ...sight, top: 38 * 5_000, current: 2 });
    expect(rows[0]).toBe(2);
    expect(new Set(rows).size).toBe(rows.length);
  });

  test('the end of the list is not passed', () => {
    expect(windowOf({ ...sight, count: 3 })).toEqual([0, 1, 2]);
    expect(windowOf({ ...sight, count: 0, current: 0 })).toEqual([]);
  });

  test('a list that became shorter is never blank', () => {
    expect(windowOf({ ...sight, top: 38 * 5_000, count: 12 })).toHaveLength(12);
  });

  test('something is drawn before the height is known', () => {
    expect(windowOf({ ...sight, height: 0 }).length).toBeGreaterThan(10);
  });
});

describe('keys', () => {
  test.each([
    ['ArrowDown', 5, 6],
    ['ArrowUp', 0, 0],
    ['PageDown', 5, 15],
    ['End', 5, 99],
    ['Home', 5, 0],
  ])('%s from %i leads to %i', (key, from, to) => {
    expect(movedBy(key, from, 100, 10)).toBe(to);
  });

  test('other keys lead nowhere', () => {
    expect(movedBy('a', 5, 100, 10)).toBeNull();
  });

  test('an empty list has no row', () => {
    expect(keepInRange(7, 0)).toBe(0);
  });
});
