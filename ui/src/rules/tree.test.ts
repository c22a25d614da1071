import { describe, expect, test } from 'vitest';
import { drawn, matches } from './tree.ts';

const rows = ['a/', 'a/b/', 'a/b/one', 'a/two', 'c/', 'c/three'];
const pathOf = (row: string): string => row.replace(/\/$/, '');

function paths(closed: string[], fits: ((row: string) => boolean) | null = null): string[] {
  return drawn({
    rows,
    pathOf,
    depthOf: (row) => pathOf(row).split('/').length - 1,
    isGroup: (row) => row.endsWith('/'),
    closed: new Set(closed),
    fits,
  }).map(({ value }) => value);
}

describe('drawn rows', () => {
  test('an open tree shows everything', () => {
    expect(paths([])).toEqual(rows);
  });

  test('a closed group hides all that is below it and nothing else', () => {
    expect(paths(['a'])).toEqual(['a/', 'c/', 'c/three']);
    expect(paths(['a/b'])).toEqual(['a/', 'a/b/', 'a/two', 'c/', 'c/three']);
  });

  test('looking for something keeps the parents and opens them', () => {
    expect(paths(['a', 'c'], (row) => row === 'a/b/one')).toEqual(['a/', 'a/b/', 'a/b/one']);
  });

  test('looking for something that is not there shows nothing', () => {
    expect(paths([], () => false)).toEqual([]);
  });
});

describe('search', () => {
  test('every word must be somewhere in the path, in any case', () => {
    expect(matches('acme/platform/Web', 'WEB acme')).toBe(true);
    expect(matches('acme/platform/web', 'web ops')).toBe(false);
    expect(matches('anything', '')).toBe(true);
  });
});
