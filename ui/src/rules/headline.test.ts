import { describe, expect, test } from 'vitest';
import type { HomeView } from '../backend/bindings.ts';
import { headlineOf, lightOf } from './headline.ts';

const whole: HomeView = {
  protection: 'protected',
  projects: 3,
  groups: 1,
  never_saved: 0,
  stale: 0,
  unreadable: 0,
  not_covered: [],
  days: [],
  last_backup: { run: 'r', at: 1, outcome: 'complete', took_ms: 1, new_bytes: 1 },
  last_proof: null,
  never_proven: 0,
  next_backup_at: null,
  upcoming: [],
  paused_until: null,
  stored_bytes: 1,
  total_bytes: 1,
  attention: [],
  running: null,
};

describe('the light', () => {
  test('is green only when it is known that nothing is missing', () => {
    expect(lightOf('protected', whole)).toBe('protected');
    expect(lightOf('protected', undefined)).toBe('not_known');
    expect(lightOf('protected', { ...whole, never_saved: 1 })).toBe('with_gaps');
    expect(lightOf('protected', { ...whole, not_covered: ['LFS objects'] })).toBe('with_gaps');
  });

  test.each(['needs_attention', 'running', 'paused', 'not_set_up'] as const)(
    'says %s without knowing more',
    (protection) => expect(lightOf(protection, undefined)).toBe(protection),
  );
});

describe('headline', () => {
  test('says that backups stand still without a token, only when they do', () => {
    const line = {
      key: 'token:a',
      severity: 'danger' as const,
      title: '',
      detail: '',
      remedy: { do: 'renew_token' as const, account: 'a' },
    };
    const needing = { ...whole, protection: 'needs_attention' as const };
    expect(headlineOf({ ...needing, attention: [line] })).toEqual({
      headline: 'no_token',
      tone: 'danger',
    });
    const soon = { ...line, severity: 'warning' as const };
    expect(headlineOf({ ...needing, attention: [soon] }).headline).toBe('attention');
  });

  test('everything is said only when nothing is missing', () => {
    expect(headlineOf(whole)).toEqual({ headline: 'everything', tone: 'ok' });
  });

  test.each<[string, Partial<HomeView>]>([
    ['never saved', { never_saved: 1 }],
    ['stale', { stale: 1 }],
    ['unreadable', { unreadable: 1 }],
    ['not covered', { not_covered: ['LFS objects'] }],
  ])('an item that is %s is a gap and never green', (_, gap) => {
    const { headline, tone } = headlineOf({ ...whole, ...gap });
    expect(headline).toBe('known_gaps');
    expect(tone).not.toBe('ok');
  });

  test.each([
    ['failed', 'last_failed', 'danger'],
    ['aborted', 'last_aborted', 'warning'],
    ['partial', 'last_partial', 'warning'],
  ] as const)('a backup that ended %s says so', (outcome, headline, tone) => {
    const last_backup = { ...whole.last_backup!, outcome };
    expect(headlineOf({ ...whole, protection: 'needs_attention', last_backup })).toEqual({
      headline,
      tone,
    });
  });

  test('without any backup nothing is saved yet', () => {
    const home = { ...whole, protection: 'needs_attention' as const, last_backup: null };
    expect(headlineOf(home)).toEqual({ headline: 'nothing_yet', tone: 'danger' });
  });

  test('a danger among the things that need the user colours the headline', () => {
    const attention = [
      { key: 'a', severity: 'danger' as const, title: '', detail: '', remedy: null },
    ];
    const home = { ...whole, protection: 'needs_attention' as const, attention };
    expect(headlineOf(home)).toEqual({ headline: 'attention', tone: 'danger' });
  });
});
