import { describe, expect, test } from 'vitest';
import { minuteOf } from './schedule.ts';

describe('a time of day', () => {
  test.each([
    ['12:30', 750],
    ['00:00', 0],
    ['23:59', 1439],
    ['7', 420],
    ['0730', 450],
    ['730', 450],
    [' 7.05 ', 425],
    ['12:30 pm', 750],
    ['12:05 am', 5],
    ['12:05\u202fa.m.', 5],
    ['9 PM', 1260],
  ])('is read from “%s”', (text, minute) => expect(minuteOf(text)).toBe(minute));

  test.each(['', '24:00', '12:60', 'noon', '13 pm', '0 am', '1:2', '12:30:15', '-1'])(
    'is not read from “%s”',
    (text) => expect(minuteOf(text)).toBeNull(),
  );
});
