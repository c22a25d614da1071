import { describe, expect, test } from 'vitest';
import { CopyForm } from './copy-form.svelte.ts';
import { fake } from './fixtures.ts';
import { ANOTHER } from './setup/connect.svelte.ts';

async function begin(query = '') {
  const { backend, world } = fake(query);
  const overview = await backend.getOverview();
  return { form: new CopyForm(backend, overview, null), backend, world, overview };
}

describe('a second copy', () => {
  test('goes into a new vault where there is only one', async () => {
    const { form, world } = await begin();
    expect(form.where.choice).toBe(ANOTHER);
    form.where.path = '/media/mira/offsite';
    expect(await form.save()).toBe(true);
    expect(world.vaults).toHaveLength(2);
    expect(world.copies).toMatchObject([{ from: 'vault-1', to: 'vault-2' }]);
  });

  test('that was refused makes no second vault when it is tried again', async () => {
    const { form, world } = await begin();
    form.where.path = '/media/mira/offsite';
    world.switches.fail.add('create_copy');
    expect(await form.save()).toBe(false);
    world.switches.fail.delete('create_copy');
    expect(await form.save()).toBe(true);
    expect(world.vaults).toHaveLength(2);
  });

  test('is never offered into itself or where it goes already', async () => {
    const { form, overview } = await begin('also=copies');
    expect(overview.vaults.map(({ id }) => id)).toEqual(['vault-1', 'vault-2']);
    expect(form.targets).toEqual([]);
    form.from = 'vault-2';
    expect(form.targets.map(({ id }) => id)).toEqual(['vault-1']);
  });

  test('being changed keeps its vaults', async () => {
    const { backend, world, overview } = await begin('also=copies');
    const form = new CopyForm(backend, overview, overview.copies[0] ?? null);
    form.retention.choice = 'long';
    expect(await form.save()).toBe(true);
    expect(world.copies).toMatchObject([
      { id: 'copy-1', from: 'vault-1', to: 'vault-2', retention: { daily: 60 } },
    ]);
  });
});
