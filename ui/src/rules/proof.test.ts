import { describe, expect, test } from 'vitest';
import { company } from '../backend/fake/company.ts';
import { nextToProve } from './proof.ts';

const rows = company('a', 1_000_000_000_000);

describe('the next project to rehearse', () => {
  test('was never rebuilt', () => {
    const next = nextToProve(rows);
    expect(next?.item.sort).toBe('project');
    expect(next?.proven_at).toBeNull();
  });

  test('is an important one before others', () => {
    const path = 'mira/notes';
    const all = rows.map((row) =>
      row.path === path ? { ...row, proven_at: null, important: true } : row,
    );
    expect(nextToProve(all)?.path).toBe(path);
  });

  test('is the one that was proven longest ago when all were', () => {
    const all = rows.map((row, index) => ({ ...row, proven_at: 10_000 - index }));
    const last = all.filter(({ item }) => item.sort === 'project').at(-1);
    expect(nextToProve(all)?.path).toBe(last?.path);
  });

  test('is none where nothing is saved', () => {
    expect(nextToProve(rows.map((row) => ({ ...row, last_saved_at: null })))).toBeNull();
  });
});
