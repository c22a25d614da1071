// Times of day as people write them.

/** The most hours between two runs: a week. */
export const MOST_HOURS = 168;

const HALF_A_DAY = 12;

/** Minutes since midnight of a written time; none if it is not one. */
export function minuteOf(text: string): number | null {
  const found = /^\s*(\d{1,2})(?:[:.h]?(\d{2}))?\s*(?:([ap])\.?m\.?)?\s*$/i.exec(text);
  if (found === null) return null;
  const [, hours = '', minutes = '0', half] = found;
  const hour = hourOf(Number(hours), half?.toLowerCase());
  const minute = Number(minutes);
  return hour === null || minute > 59 ? null : hour * 60 + minute;
}

/** `half` is "a" or "p" on a clock of twelve hours. */
function hourOf(written: number, half: string | undefined): number | null {
  if (half === undefined) return written < 24 ? written : null;
  if (written < 1 || written > HALF_A_DAY) return null;
  return (written % HALF_A_DAY) + (half === 'p' ? HALF_A_DAY : 0);
}
