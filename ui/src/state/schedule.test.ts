import { describe, expect, test } from 'vitest';
import { PRESETS } from '../backend/fake/schedule.ts';
import { OWN } from '../rules/retention.ts';
import { RetentionForm } from './retention-form.svelte.ts';
import { ScheduleForm } from './schedule-form.svelte.ts';

describe('a schedule being chosen', () => {
  test('is every day at half past twelve unless something else is said', () => {
    expect(new ScheduleForm().value).toEqual({ every: 'daily', minute: 750 });
  });

  test('is what it was before', () => {
    for (const schedule of [
      { every: 'manual' },
      { every: 'hours', hours: 3 },
      { every: 'daily', minute: 5 },
      { every: 'weekly', weekday: 6, minute: 600 },
    ] as const) {
      expect(new ScheduleForm(schedule).value).toEqual(schedule);
    }
  });

  test('keeps its time through another rhythm', () => {
    const form = new ScheduleForm({ every: 'daily', minute: 5 });
    form.every = 'hours';
    form.every = 'weekly';
    expect(form.value).toMatchObject({ every: 'weekly', minute: 5 });
  });

  test('is none while its time is wrong, unless no time is needed', () => {
    const form = new ScheduleForm();
    form.minute = null;
    expect(form.value).toBeNull();
    form.every = 'manual';
    expect(form.value).toEqual({ every: 'manual' });
  });
});

describe('a retention being chosen', () => {
  test('is the standard one at first', () => {
    expect(new RetentionForm(PRESETS).choice).toBe('standard');
  });

  test('with own numbers begins with those of the name before', () => {
    const form = new RetentionForm(PRESETS);
    form.choice = 'light';
    form.choice = OWN;
    expect(form.value).toEqual(PRESETS[0]?.retention);
    form.own.daily = 8;
    expect(form.value?.daily).toBe(8);
    expect(PRESETS[0]?.retention.daily).toBe(7);
  });

  test('is none while a number is wrong or nothing is kept', () => {
    const form = new RetentionForm(PRESETS);
    form.choice = OWN;
    form.own.daily = null;
    expect(form.value).toBeNull();
    expect(form.nothing).toBe(false);
    Object.assign(form.own, { daily: 0, weekly: 0, monthly: 0 });
    expect(form.value).toBeNull();
    expect(form.nothing).toBe(true);
  });
});
