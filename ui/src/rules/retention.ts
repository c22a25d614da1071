// How long copies are kept: the numbers, and the names that some of them have.
import type { Retention, RetentionPreset } from '../backend/bindings.ts';

/** The numbers in the order in which they are asked for. */
export const NUMBERS = [
  'last',
  'within_days',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'yearly',
] as const satisfies readonly (keyof Retention)[];

/** Every number; the border calls them optional, as a file may lack some. */
export type Numbers = Required<Retention>;

export const NOTHING: Numbers = {
  last: 0,
  within_days: 0,
  hourly: 0,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 0,
};

export function numbersOf(retention: Retention): Numbers {
  return { ...NOTHING, ...retention };
}

export type RetentionNumber = (typeof NUMBERS)[number];

/** Chosen when the numbers are not those of a preset. */
export const OWN = 'own';

export function sameRetention(one: Retention, other: Retention): boolean {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  return NUMBERS.every((number) => left[number] === right[number]);
}

/** Whether every copy but the newest would go. */
export function keepsNothing(retention: Retention): boolean {
  const numbers = numbersOf(retention);
  return NUMBERS.every((number) => numbers[number] === 0);
}

/** The name that these numbers have, or `OWN`. */
export function presetOf(retention: Retention, presets: readonly RetentionPreset[]): string {
  return presets.find((preset) => sameRetention(preset.retention, retention))?.name ?? OWN;
}
