import { describe, expect, test } from 'vitest';
import { PRESETS } from '../backend/fake/schedule.ts';
import { t } from './index.ts';

const none = { last: 0, within_days: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

describe('a schedule in words', () => {
  test.each([
    [{ every: 'manual' as const }, /^Only when asked$/],
    [{ every: 'hours' as const, hours: 1 }, /^Every hour$/],
    [{ every: 'hours' as const, hours: 6 }, /^Every 6 hours$/],
    [{ every: 'daily' as const, minute: 750 }, /^Every day at 12:30/],
    [{ every: 'weekly' as const, weekday: 6, minute: 5 }, /^Every Sunday at (00|12):05/],
  ])('%o', (schedule, words) => expect(t.schedule.words(schedule)).toMatch(words));
});

describe('a retention in words', () => {
  test.each([
    [PRESETS[1]!.retention, '30 days, 12 weeks, 24 months'],
    [{ ...none, daily: 1, yearly: 1 }, '1 day, 1 year'],
    [{ ...none, last: 3, within_days: 14 }, 'the last 3, all of the last 14 days'],
    [none, 'only the newest'],
  ])('%o', (retention, words) => expect(t.retention.words(retention)).toBe(words));
});
