// When a plan runs, while it is being chosen. Trying another rhythm does not
// lose what was typed for the one before.
import type { ScheduleView } from '../backend/bindings.ts';

type Every = ScheduleView['every'];

/** Half past twelve: the computer is on, and nobody is working. */
const NOON = 12 * 60 + 30;
const DAILY: ScheduleView = { every: 'daily', minute: NOON };

export class ScheduleForm {
  every = $state<Every>('daily');
  /** Minutes since midnight; none while what is typed is no time. */
  minute = $state<number | null>(NOON);
  weekday = $state(4);
  hours = $state<number | null>(6);

  constructor(schedule: ScheduleView = DAILY) {
    this.every = schedule.every;
    if ('minute' in schedule) this.minute = schedule.minute;
    if ('weekday' in schedule) this.weekday = schedule.weekday;
    if ('hours' in schedule) this.hours = schedule.hours;
  }

  /** None while something that it needs is wrong. */
  get value(): ScheduleView | null {
    const { every, minute, hours, weekday } = this;
    switch (every) {
      case 'manual':
        return { every };
      case 'hours':
        return hours === null ? null : { every, hours };
      case 'daily':
        return minute === null ? null : { every, minute };
      case 'weekly':
        return minute === null ? null : { every, weekday, minute };
    }
  }
}
