import { describe, expect, test } from 'vitest';
import { fake } from './fixtures.ts';
import { Restore } from './restore.svelte.ts';

async function planned(path = 'acme/platform/web') {
  const { backend, world } = fake('fake=demo');
  const row = world.rows.find((one) => one.path === path)!;
  const restore = new Restore(backend, row.account, row.item, null);
  await restore.plan.load();
  return { restore, world };
}

describe('restore', () => {
  test('has its defaults chosen: latest complete snapshot, a free name', async () => {
    const { restore, world } = await planned();
    expect(restore.plan.value?.destination).toBe('acme/platform/web-restored');
    expect(restore.plan.value?.snapshot.outcome).toBe('complete');
    expect(restore.plan.value?.snapshot.id).toBe(world.snapshots[0]?.id);
  });

  test('asks for a token before anything is sent', async () => {
    const { restore, world } = await planned();
    const before = world.runs.length;
    await restore.start();
    expect(restore.tokenError).toMatch(/token/);
    expect(world.runs).toHaveLength(before);
  });

  test('starts at once when the token does not change the plan, and keeps no token', async () => {
    const { restore } = await planned();
    restore.token = 'glpat-full';
    await restore.start();
    expect(restore.run).not.toBeNull();
    expect(restore.token).toBe('');
    expect(restore.held).toBe(false);
  });

  test('shows a plan that the token changed before it starts', async () => {
    const { restore, world } = await planned();
    const before = world.runs.length;
    restore.token = 'glpat-full-maintainer';
    await restore.start();
    expect(restore.changed).toBe(true);
    expect(world.runs).toHaveLength(before);
    await restore.start();
    expect(restore.run).not.toBeNull();
  });

  test('a refused token is forgotten', async () => {
    const { restore } = await planned();
    restore.token = 'glpat-wrong';
    await restore.start();
    expect(restore.tokenError).toMatchObject({ code: 'token' });
    expect(restore.token).toBe('');
  });

  test('a destination that exists blocks it', async () => {
    const { restore } = await planned();
    await restore.change({ destination: 'acme/platform/deploy' });
    restore.token = 'glpat-full';
    await restore.start();
    expect(restore.plan.value?.blocker).toMatch(/exists/);
    expect(restore.run).toBeNull();
  });

  test('a project that is gone goes back to its old place', async () => {
    const { restore } = await planned('acme/ops/old-monitoring');
    expect(restore.plan.value?.destination).toBe('acme/ops/old-monitoring');
  });
});
