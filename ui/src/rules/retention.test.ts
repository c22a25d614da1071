import { describe, expect, test } from 'vitest';
import { NOTHING, NUMBERS, OWN, keepsNothing, presetOf, type Numbers } from './retention.ts';

const light: Numbers = { ...NOTHING, daily: 7, weekly: 4 };
const presets = [{ name: 'light', retention: light }];

describe('retention', () => {
  test('has the name of the preset only when every number is the same', () => {
    expect(presetOf({ ...light }, presets)).toBe('light');
    for (const number of NUMBERS) {
      expect(presetOf({ ...light, [number]: light[number] + 1 }, presets)).toBe(OWN);
    }
  });

  test('keeps nothing only when every number is zero', () => {
    expect(keepsNothing(NOTHING)).toBe(true);
    for (const number of NUMBERS) {
      expect(keepsNothing({ ...NOTHING, [number]: 1 })).toBe(false);
    }
  });
});
