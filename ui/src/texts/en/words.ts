// The English of dates, sizes and plurals, shared by the other files here.
import { createFormats } from '../format.ts';

const rules = new Intl.PluralRules('en');

/** "1 project", "214 projects"; the number is grouped. */
export function counted(count: number, one: string, other: string): string {
  return `${format.number(count)} ${rules.select(count) === 'one' ? one : other}`;
}

/** The word alone. */
export function plural(count: number, one: string, other: string): string {
  return rules.select(count) === 'one' ? one : other;
}

/** Words such as "Tomorrow 12:30" within a sentence. */
export function within(words: string): string {
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
}

/** The reader's own way of writing English dates, British where unknown. */
function locale(): string {
  const wanted = typeof navigator === 'undefined' ? [] : navigator.languages;
  return wanted.find((language) => /^en-/i.test(language)) ?? 'en-GB';
}

export const format = createFormats(locale(), {
  bytes: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'],
  seconds: 's',
  minutes: 'min',
  hours: 'h',
  days: 'd',
  underOneSecond: 'under 1 s',
  justNow: 'just now',
  today: (time) => `Today ${time}`,
  yesterday: (time) => `Yesterday ${time}`,
  tomorrow: (time) => `Tomorrow ${time}`,
  none: '–',
});
