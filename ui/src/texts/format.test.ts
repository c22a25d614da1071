import { describe, expect, test } from 'vitest';
import { en } from './en/index.ts';
import { counted, format } from './en/words.ts';

const NOW = new Date(2026, 10, 23, 14, 42).getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1024, '1.0 KiB'],
    [48 * 1024 ** 2, '48 MiB'],
    [9.96 * 1024 ** 2, '10 MiB'],
    [18.4 * 1024 ** 3, '18.4 GiB'],
    [412 * 1024 ** 3, '412 GiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
  ])('%i is %s', (bytes, text) => {
    expect(format.bytes(bytes)).toBe(text);
  });

  test('a part of a whole names the unit once', () => {
    const mebibyte = 1024 ** 2;
    expect(en.common.bytesOfTotal(188 * mebibyte, 261 * mebibyte)).toBe('188 of 261 MiB');
    expect(en.common.bytesOfTotal(5 * 1024, 261 * mebibyte)).toBe('5.0 KiB of 261 MiB');
  });
});

describe('durations', () => {
  test.each([
    [400, 'under 1 s'],
    [22_000, '22 s'],
    [72_000, '1 min 12 s'],
    [362_000, '6 min 02 s'],
    [59_999, '1 min 00 s'],
    [2 * HOUR + 5 * MINUTE, '2 h 05 min'],
    [3 * DAY + 4 * HOUR, '3 d 4 h'],
  ])('%i is %s', (milliseconds, text) => {
    expect(format.duration(milliseconds)).toBe(text);
  });
});

describe('dates', () => {
  test.each([
    [10_000, 'just now'],
    [5 * MINUTE, '5 minutes ago'],
    [2 * HOUR, '2 hours ago'],
    [23 * HOUR, '23 hours ago'],
    [3 * DAY, '3 days ago'],
    [-1000, 'just now'],
  ])('%i ms before now is %s', (before, text) => {
    expect(format.ago(NOW - before, NOW)).toBe(text);
  });

  test('near days have names', () => {
    expect(format.moment(NOW, NOW)).toMatch(/^Today /);
    expect(format.moment(NOW - DAY, NOW)).toMatch(/^Yesterday /);
    expect(format.moment(NOW + DAY, NOW)).toMatch(/^Tomorrow /);
  });

  test('yesterday is the calendar day, not 24 hours', () => {
    const late = new Date(2026, 10, 22, 23, 59).getTime();
    const early = new Date(2026, 10, 23, 0, 1).getTime();
    expect(format.moment(late, early)).toMatch(/^Yesterday /);
  });

  test('another year is named', () => {
    expect(format.day(new Date(2025, 4, 5).getTime(), NOW)).toContain('2025');
    expect(format.day(new Date(2026, 4, 5).getTime(), NOW)).not.toContain('2026');
  });

  test('an expiry date is the day in UTC wherever the reader is', () => {
    expect(format.dateUtc(Date.UTC(2026, 11, 2))).toContain('2');
    expect(format.dateUtc(Date.UTC(2026, 11, 2))).toContain('December');
  });
});

describe('plurals', () => {
  test('one and many', () => {
    expect(counted(1, 'project', 'projects')).toBe('1 project');
    expect(counted(0, 'project', 'projects')).toBe('0 projects');
    expect(counted(10_000, 'project', 'projects')).toBe('10,000 projects');
  });
});
