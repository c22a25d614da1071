import { describe, expect, test, vi } from 'vitest';
import { fake } from './fixtures.ts';
import { Preferences } from './preferences.svelte.ts';

async function begin() {
  const { backend, world } = fake();
  const preferences = new Preferences(backend);
  await preferences.view.load();
  return { preferences, world, backend };
}

describe('preferences', () => {
  test('changed quickly one after the other are all kept', async () => {
    const { preferences, world } = await begin();
    void preferences.change({ wait_on_battery: false });
    void preferences.change({ wait_on_metered: false });
    void preferences.change({ quiet_hours: { from: 60, to: 120 } });
    await vi.waitFor(() =>
      expect(world.preferences).toMatchObject({
        wait_on_battery: false,
        wait_on_metered: false,
        quiet_hours: { from: 60, to: 120 },
      }),
    );
  });

  test('that were refused stay as typed, say why, and are kept once they are right', async () => {
    const { preferences, world } = await begin();
    const proof = { check_every_days: 30, read_all_days: 10, drill_every_days: 7, drill_items: 5 };
    await preferences.change({ proof });
    expect(preferences.error?.message).toMatch(/everything is read/);
    expect(preferences.saved).toBe(false);
    expect(preferences.view.value?.proof).toEqual(proof);
    expect(world.preferences.proof.check_every_days).toBe(7);
    await preferences.change({ proof: { ...proof, read_all_days: 60 } });
    expect(preferences.error).toBeNull();
    expect(world.preferences.proof.check_every_days).toBe(30);
  });
});
