import { describe, expect, test } from 'vitest';
import type { VisibleItem } from '../backend/bindings.ts';
import {
  EVERYTHING,
  checksOf,
  chosenBytes,
  chosenProjects,
  marksOf,
  patternsOf,
  toggled,
  treeOf,
  type Marks,
} from './selection.ts';

/** Paths ending in a slash are groups. */
function items(...paths: string[]): VisibleItem[] {
  const groups = new Set(
    paths.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1)),
  );
  return paths.map((text, id) => {
    const group = text.endsWith('/');
    const path = group ? text.slice(0, -1) : text;
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return {
      item: { sort: group ? 'group' : 'project', id },
      path,
      name: path.slice(path.lastIndexOf('/') + 1),
      parent: groups.has(parent) ? parent : null,
      role: null,
      archived: false,
      last_activity_at: null,
      bytes: group || path.startsWith('labs/') ? null : 1_000,
    };
  });
}

const tree = treeOf(
  items(
    'acme/',
    'acme/ops/',
    'acme/ops/charts',
    'acme/ops/runbooks',
    'acme/web',
    'acme/api',
    'labs/',
    'labs/toy',
    'mira/dotfiles',
  ),
);

const NOTHING: Marks = { ...EVERYTHING, root: false };

function clicks(start: Marks, ...paths: string[]): Marks {
  return paths.reduce((marks, path) => toggled(tree, marks, path), start);
}

describe('patterns', () => {
  test('everything needs no pattern', () => {
    expect(patternsOf(tree, EVERYTHING)).toEqual({ include: [], exclude: [] });
  });

  test('a chosen group is one pattern that covers what comes later', () => {
    expect(patternsOf(tree, clicks(NOTHING, 'acme')).include).toEqual(['acme/**']);
  });

  test('a chosen project is its exact path', () => {
    expect(patternsOf(tree, clicks(NOTHING, 'acme/web')).include).toEqual(['acme/web']);
  });

  test('a project left out of everything is an exclusion', () => {
    expect(patternsOf(tree, clicks(EVERYTHING, 'mira/dotfiles'))).toEqual({
      include: [],
      exclude: ['mira/dotfiles'],
    });
  });

  test('a subgroup left out of a chosen group is excluded as a whole', () => {
    expect(patternsOf(tree, clicks(NOTHING, 'acme', 'acme/ops'))).toEqual({
      include: ['acme/**'],
      exclude: ['acme/ops/**'],
    });
  });

  test('a project chosen again inside a group that was left out survives', () => {
    const marks = clicks(NOTHING, 'acme', 'acme/ops', 'acme/ops/charts');
    expect(patternsOf(tree, marks)).toEqual({
      include: ['acme/**'],
      exclude: ['acme/ops/runbooks'],
    });
    expect(chosenProjects(tree, marks)).toBe(3);
  });

  test('sizes are of what is chosen, and none is told where GitLab tells none', () => {
    expect(chosenBytes(tree, clicks(NOTHING, 'acme/ops/charts'))).toBe(1_000);
    expect(chosenBytes(tree, clicks(NOTHING, 'acme/ops'))).toBe(2_000);
    expect(chosenBytes(tree, clicks(NOTHING, 'labs'))).toBeNull();
  });

  test('choosing all children chooses the group', () => {
    const marks = clicks(NOTHING, 'acme/ops/charts', 'acme/ops/runbooks');
    expect(patternsOf(tree, marks).include).toEqual(['acme/ops/**']);
  });

  test('leaving out all children leaves out the group', () => {
    const marks = clicks(EVERYTHING, 'labs/toy');
    expect(patternsOf(tree, marks).exclude).toEqual(['labs/**']);
  });

  test('choosing everything piece by piece is everything', () => {
    const marks = clicks(NOTHING, 'acme', 'labs', 'mira/dotfiles');
    expect(marks.root).toBe(true);
    expect(patternsOf(tree, marks)).toEqual({ include: [], exclude: [] });
  });
});

describe('boxes', () => {
  test('a partly chosen group and everything above it are mixed', () => {
    const checks = checksOf(tree, clicks(NOTHING, 'acme/ops/charts'));
    expect([checks.get(''), checks.get('acme'), checks.get('acme/ops')]).toEqual([
      'some',
      'some',
      'some',
    ]);
    expect(checks.get('acme/ops/charts')).toBe('all');
    expect(checks.get('acme/web')).toBe('none');
  });

  test('a click on a mixed group chooses all of it', () => {
    const checks = checksOf(tree, clicks(NOTHING, 'acme/web', 'acme'));
    expect(checks.get('acme/ops/charts')).toBe('all');
  });

  test('a click on the root forgets every mark below it', () => {
    const marks = clicks(EVERYTHING, 'acme/web', '');
    expect(marks).toEqual(EVERYTHING);
    expect(checksOf(tree, clicks(marks, '')).get('')).toBe('none');
  });
});

describe('reading patterns', () => {
  test.each([
    [{ include: [], exclude: [] }],
    [{ include: ['acme/**'], exclude: ['acme/ops/**'] }],
    [{ include: ['acme/ops/**', 'mira/dotfiles'], exclude: [] }],
    [{ include: [], exclude: ['labs/**', 'acme/web'] }],
  ])('%j comes back as it was', (patterns) => {
    const written = patternsOf(tree, marksOf(tree, patterns));
    expect(new Set(written.include)).toEqual(new Set(patterns.include));
    expect(new Set(written.exclude)).toEqual(new Set(patterns.exclude));
  });

  test('patterns that the tree cannot show are kept', () => {
    const patterns = { include: ['acme/**', '*/docs'], exclude: ['gone/**'] };
    expect(patternsOf(tree, marksOf(tree, patterns))).toEqual(patterns);
  });
});

describe('tree', () => {
  test('an item whose parent is not visible stands at the top', () => {
    expect(tree.map(({ item }) => item.path)).toEqual(['acme', 'labs', 'mira/dotfiles']);
  });
});
