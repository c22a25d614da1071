// What runs next by itself in the sample data, and the pause.
import type { PlanView, RetentionPreset, ScheduleView, Upcoming } from '../bindings.ts';
import { proofOf } from '../../rules/preferences.ts';
import type { Topic } from '../fake.ts';
import type { World } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const NONE = { last: 0, within_days: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

export const PRESETS: readonly RetentionPreset[] = [
  { name: 'light', retention: { ...NONE, daily: 7, weekly: 4, monthly: 6 } },
  { name: 'standard', retention: { ...NONE, daily: 30, weekly: 12, monthly: 24 } },
  { name: 'long', retention: { ...NONE, daily: 60, weekly: 26, monthly: 60, yearly: 10 } },
];

export const STANDARD = { ...NONE, daily: 30, weekly: 12, monthly: 24 };

const DRIVE = 'the drive of Backups';

type Names = 'getPreferences' | 'setPreferences' | 'pauseSchedule' | 'resumeSchedule';

export function scheduleCommands(world: World): Topic<Names> {
  const pauseUntil = (at: number | null): null => {
    world.pausedUntil = at;
    world.emit({ type: 'changed' });
    return null;
  };
  return {
    getPreferences: async () => world.preferences,
    setPreferences: async (preferences) => {
      const { check_every_days: check, read_all_days: all } = proofOf(preferences);
      if (check > 0 && all < check) {
        throw {
          code: 'refused',
          message:
            'The days within which everything is read can be at least the days between two checks.',
          hint: null,
        };
      }
      world.preferences = preferences;
      world.emit({ type: 'changed' });
      return preferences;
    },
    pauseSchedule: async (length) =>
      pauseUntil(length === 'hour' ? world.now + HOUR : morning(world.now + DAY)),
    resumeSchedule: async () => pauseUntil(null),
  };
}

export function morning(at: number): number {
  return new Date(at).setHours(6, 0, 0, 0);
}

/** When a schedule is due after a moment; none if only when asked. */
function nextOf(schedule: ScheduleView, now: number): number | null {
  switch (schedule.every) {
    case 'manual':
      return null;
    case 'hours':
      return now + Math.max(1, schedule.hours - 2) * HOUR;
    case 'daily':
    case 'weekly': {
      const at = new Date(now);
      at.setHours(0, schedule.minute, 0, 0);
      if (at.getTime() <= now) at.setDate(at.getDate() + 1);
      if (schedule.every === 'weekly') {
        const monday = (at.getDay() + 6) % 7;
        at.setDate(at.getDate() + ((schedule.weekday - monday + 7) % 7));
      }
      return at.getTime();
    }
  }
}

/** A plan as the overview tells it. */
export function planNow(world: World, plan: PlanView): PlanView {
  const waits = world.switches.also.has('drive');
  const next = waits ? world.now - 2 * HOUR : nextOf(plan.schedule, world.now);
  return {
    ...plan,
    next_at: plan.schedule.every === 'manual' || !world.tokens.has(plan.account) ? null : next,
    waits_for: waits ? DRIVE : null,
    loss: world.loss,
  };
}

export function upcoming(world: World): Upcoming[] {
  const list: Upcoming[] = [];
  for (const plan of world.plans.map((one) => planNow(world, one))) {
    if (plan.next_at === null) continue;
    list.push({
      kind: 'backup',
      subject: plan.name,
      at: plan.next_at,
      waits_for: plan.waits_for,
    });
    if (world.snapshots.length === 0) continue;
    const drill = { kind: 'drill' as const, subject: plan.name, waits_for: null };
    list.push({ ...drill, at: plan.next_at + 5 * DAY + 20 * 60_000 });
  }
  const vault = world.vaults[0];
  if (vault !== undefined && list.length > 0 && world.snapshots.length > 0) {
    const at = morning(world.now + 3 * DAY) + 7 * HOUR;
    list.push({ kind: 'verify', subject: vault.name, at, waits_for: null });
  }
  return list.sort((one, other) => one.at - other.at);
}
