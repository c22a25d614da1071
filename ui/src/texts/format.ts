// Numbers, sizes, durations and dates in a language. The words come from the
// language's catalogue; everything else from the platform's Intl.

/** Words that Intl does not give for short units and near days. */
export type Units = {
  bytes: readonly [string, string, string, string, string, string];
  seconds: string;
  minutes: string;
  hours: string;
  days: string;
  underOneSecond: string;
  justNow: string;
  today: (time: string) => string;
  yesterday: (time: string) => string;
  tomorrow: (time: string) => string;
  none: string;
};

export type Formats = ReturnType<typeof createFormats>;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Makes a thing when it is first wanted: Intl's formats take long to make. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

export function createFormats(locale: string, units: Units) {
  const numbers = once(() => new Intl.NumberFormat(locale));
  const oneDecimal = once(
    () => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  );
  const percents = once(
    () => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }),
  );
  const relative = once(() => new Intl.RelativeTimeFormat(locale, { numeric: 'always' }));
  const lists = once(() => new Intl.ListFormat(locale, { style: 'long', type: 'conjunction' }));
  const dates = (options: Intl.DateTimeFormatOptions): (() => Intl.DateTimeFormat) =>
    once(() => new Intl.DateTimeFormat(locale, options));
  const clock = dates({ hour: '2-digit', minute: '2-digit' });
  const clockSeconds = dates({
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
  const dayMonth = dates({ day: 'numeric', month: 'short' });
  const dayMonthYear = dates({ day: 'numeric', month: 'short', year: 'numeric' });
  const longDate = dates({ day: 'numeric', month: 'long', year: 'numeric' });
  const longDateUtc = dates({ day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  const weekday = dates({ weekday: 'long', day: 'numeric', month: 'long' });
  const exactly = dates({ dateStyle: 'full', timeStyle: 'medium' });

  const number = (value: number): string => numbers().format(value);

  /** Binary units: 48 MiB, 3.1 GiB. */
  const bytes = (value: number): string => {
    let size = value;
    let unit = 0;
    while (Math.round(size) >= 1024 && unit < units.bytes.length - 1) {
      size /= 1024;
      unit += 1;
    }
    const decimals = unit > 0 && (size < 9.95 || (unit >= 3 && size < 99.95));
    return `${decimals ? oneDecimal().format(size) : numbers().format(Math.round(size))} ${units.bytes[unit]}`;
  };

  /** Two parts at most: 22 s, 1 min 12 s, 2 h 05 min, 3 d 4 h. */
  const duration = (milliseconds: number): string => {
    if (milliseconds < SECOND) return units.underOneSecond;
    const total = Math.round(milliseconds / SECOND) * SECOND;
    const part = (size: number, over: number): number => Math.floor((total % over) / size);
    const two = (value: number): string => String(value).padStart(2, '0');
    if (total < MINUTE) return `${total / SECOND} ${units.seconds}`;
    if (total < HOUR) {
      return `${part(MINUTE, HOUR)} ${units.minutes} ${two(part(SECOND, MINUTE))} ${units.seconds}`;
    }
    if (total < DAY) {
      return `${part(HOUR, DAY)} ${units.hours} ${two(part(MINUTE, HOUR))} ${units.minutes}`;
    }
    return `${number(Math.floor(total / DAY))} ${units.days} ${part(HOUR, DAY)} ${units.hours}`;
  };

  /** Distance in calendar days, positive in the past. */
  const daysBetween = (at: number, now: number): number => {
    const midnight = (time: number): number => new Date(time).setHours(0, 0, 0, 0);
    return Math.round((midnight(now) - midnight(at)) / DAY);
  };

  const day = (at: number, now: number): string =>
    new Date(at).getFullYear() === new Date(now).getFullYear()
      ? dayMonth().format(at)
      : dayMonthYear().format(at);

  /** How long ago: just now, 2 hours ago, 3 days ago, then the day. */
  const ago = (at: number, now: number): string => {
    const past = now - at;
    if (past < 45 * SECOND) return units.justNow;
    if (past < 59.5 * MINUTE)
      return relative().format(-Math.max(1, Math.round(past / MINUTE)), 'minute');
    if (past < DAY) return relative().format(-Math.max(1, Math.round(past / HOUR)), 'hour');
    const days = Math.max(1, daysBetween(at, now));
    return days <= 30 ? relative().format(-days, 'day') : day(at, now);
  };

  /** When: Today 12:30, Yesterday 12:41, 20 Nov 12:30. */
  const moment = (at: number, now: number): string => {
    const time = clock().format(at);
    const days = daysBetween(at, now);
    if (days === 0) return units.today(time);
    if (days === 1) return units.yesterday(time);
    if (days === -1) return units.tomorrow(time);
    return `${day(at, now)} ${time}`;
  };

  /** The day and the time, without "yesterday". */
  const stamp = (at: number, now: number): string => `${day(at, now)} ${clock().format(at)}`;

  return {
    number,
    stamp,
    bytes,
    duration,
    ago,
    moment,
    day,
    daysBetween,
    time: (at: number): string => clock().format(at),
    seconds: (at: number): string => clockSeconds().format(at),
    date: (at: number): string => longDate().format(at),
    /** GitLab's expiry dates are days in UTC. */
    dateUtc: (at: number): string => longDateUtc().format(at),
    weekday: (at: number): string => weekday().format(at),
    exact: (at: number): string => exactly().format(at),
    percent: (share: number): string => percents().format(share),
    list: (items: readonly string[]): string => lists().format(items),
    none: units.none,
  };
}
