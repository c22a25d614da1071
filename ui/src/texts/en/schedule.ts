// When runs start and how long copies stay, in words.
import type { Retention, RunKind, ScheduleView } from '../../backend/bindings.ts';
import { NUMBERS, OWN, numbersOf, type RetentionNumber } from '../../rules/retention.ts';
import { counted, format, within } from './words.ts';

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

const every: Record<ScheduleView['every'], string> = {
  daily: 'Every day',
  weekly: 'Every week',
  hours: 'Every few hours',
  manual: 'Only when asked',
};

/** Minutes since midnight in the reader's own way. */
export function clock(minute: number): string {
  return format.time(new Date(2026, 0, 1, Math.floor(minute / 60), minute % 60).getTime());
}

export function scheduleWords(schedule: ScheduleView): string {
  switch (schedule.every) {
    case 'manual':
      return 'Only when asked';
    case 'hours':
      return schedule.hours === 1 ? 'Every hour' : `Every ${schedule.hours} hours`;
    case 'daily':
      return `Every day at ${clock(schedule.minute)}`;
    case 'weekly':
      return `Every ${weekdays[schedule.weekday] ?? weekdays[0]} at ${clock(schedule.minute)}`;
  }
}

const spans: Record<RetentionNumber, (count: number) => string> = {
  last: (count) => (count === 1 ? 'the last copy' : `the last ${format.number(count)}`),
  within_days: (count) =>
    count === 1 ? 'all of the last day' : `all of the last ${format.number(count)} days`,
  hourly: (count) => counted(count, 'hour', 'hours'),
  daily: (count) => counted(count, 'day', 'days'),
  weekly: (count) => counted(count, 'week', 'weeks'),
  monthly: (count) => counted(count, 'month', 'months'),
  yearly: (count) => counted(count, 'year', 'years'),
};

function spansOf(retention: Retention): string[] {
  const kept = numbersOf(retention);
  return NUMBERS.filter((number) => kept[number] > 0).map((number) => spans[number](kept[number]));
}

/** "30 days, 12 weeks, 24 months". */
export function retentionWords(retention: Retention): string {
  const parts = spansOf(retention);
  return parts.length === 0 ? 'only the newest' : parts.join(', ');
}

const upcoming: Record<RunKind, (subject: string) => string> = {
  backup: (subject) => `Backup of “${subject}”`,
  restore: (subject) => `Restore of ${subject}`,
  export: (subject) => `Export of ${subject}`,
  drill: (subject) => `Drill of “${subject}”`,
  verify: (subject) => `Check of ${subject}`,
  prune: (subject) => `Removal of old snapshots, ${subject}`,
  copy: (subject) => `Second copy of ${subject}`,
};

const numbers: Record<RetentionNumber, { label: string; unit: string }> = {
  last: { label: 'The last', unit: 'copies' },
  within_days: { label: 'All of the last', unit: 'days' },
  hourly: { label: 'One an hour for', unit: 'hours' },
  daily: { label: 'One a day for', unit: 'days' },
  weekly: { label: 'One a week for', unit: 'weeks' },
  monthly: { label: 'One a month for', unit: 'months' },
  yearly: { label: 'One a year for', unit: 'years' },
};

const presets: Record<string, string> = {
  light: 'Light',
  standard: 'Standard',
  long: 'Long',
  [OWN]: 'Own numbers',
};

export const schedule = {
  weekdays,
  every,
  words: scheduleWords,
  clock,
  when: 'How often',
  at: 'At',
  on: 'On',
  hoursEvery: 'Every',
  hours: 'hours',
  time: 'Time of day',
  weekday: 'Day of the week',
  badTime: 'Write the time like 12:30.',
  reason: {
    daily:
      'Best while the computer is on and nobody works: at lunch, say. A missed run is made up for.',
    weekly: 'Up to a week of work is in no copy. A missed run is made up for.',
    hours: 'Counted from the start of the run before. Only what changed is read.',
    manual: 'Nothing is saved unless somebody presses “Back up now”.',
  } satisfies Record<ScheduleView['every'], string>,
  rulesHint: 'Battery, metered connections and quiet hours may hold a run back:',
  next: 'Next runs',
  nextRun: (when: string): string => `Next run ${within(when)}`,
  noNext: 'Nothing is going to run by itself.',
  waits: (what: string): string => `Waits for ${what}`,
  due: 'Due now',
  upcoming,
};

export const retention = {
  title: 'How long copies are kept',
  words: retentionWords,
  presets,
  /** A preset that this window has no word for is called by its own name. */
  preset: (name: string): string =>
    presets[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  ownDetail: 'Say how many of which.',
  numbers,
  numbersLegend: 'How many copies',
  nothing: 'Keep at least one copy.',
  always:
    'Whatever is chosen: the newest copy stays, and so does the last whole copy of each project, for example of one that was deleted at GitLab.',
};
