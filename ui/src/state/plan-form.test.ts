import { describe, expect, test, vi } from 'vitest';
import { fake } from './fixtures.ts';
import { PlanForm } from './plan-form.svelte.ts';

async function begin(query = '') {
  const { backend, world } = fake(query);
  const overview = await backend.getOverview();
  const plan = overview.plans[0]!;
  return { form: new PlanForm(backend, plan, overview.retention_presets), backend, world, plan };
}

describe('a plan being changed', () => {
  test('keeps what it covers while that is not known', async () => {
    const { form, world, plan } = await begin('hang=list_visible_items');
    void form.load();
    world.plans[0]!.include = plan.include;
    form.schedule.every = 'manual';
    expect(await form.save()).toBe(true);
    expect(world.plans[0]).toMatchObject({ include: plan.include, schedule: { every: 'manual' } });
  });

  test('is not kept while its time or its numbers are wrong, and says so', async () => {
    const { form, world } = await begin();
    await form.load();
    form.schedule.minute = null;
    expect(form.because).not.toBeNull();
    expect(await form.save()).toBe(false);
    form.schedule.minute = 60;
    form.retention.choice = 'own';
    form.retention.own.daily = null;
    expect(form.because).not.toBeNull();
    expect(await form.save()).toBe(false);
    expect(world.plans[0]?.schedule).toMatchObject({ minute: 750 });
  });

  test('shows what the changed numbers would remove, and what the kept ones would', async () => {
    const { form, backend } = await begin();
    const preview = vi.spyOn(backend, 'previewRetention');
    const goes = async (): Promise<number> =>
      (await form.preview()).snapshots.filter(({ stays }) => !stays).length;
    expect(form.retentionChanged).toBe(false);
    const kept = await goes();
    expect(preview).not.toHaveBeenCalled();
    form.retention.choice = 'light';
    expect(form.retentionChanged).toBe(true);
    expect(await goes()).toBeGreaterThan(kept);
    expect(preview).toHaveBeenCalledOnce();
  });

  test('whose retention nobody chose has one once that was shown and saved', async () => {
    const { backend, world } = fake('');
    world.plans[0]!.retention_open = true;
    const { plans, retention_presets } = await backend.getOverview();
    const form = new PlanForm(backend, plans[0]!, retention_presets);
    const preview = vi.spyOn(backend, 'previewRetention');
    await form.preview();
    expect(preview).toHaveBeenCalledOnce();
    form.schedule.every = 'manual';
    expect(await form.save()).toBe(true);
    expect(world.plans[0]).toMatchObject({ retention_open: true, schedule: { every: 'manual' } });
    form.sawRetention = true;
    expect(await form.save()).toBe(true);
    expect(world.plans[0]?.retention_open).toBe(false);
  });
});
