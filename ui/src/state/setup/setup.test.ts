import { describe, expect, test, vi } from 'vitest';
import { Loadable } from '../loadable.svelte.ts';
import { fake } from '../fixtures.ts';
import { FAKE_KEY } from '../../backend/fake/vaults.ts';
import { Setup } from './setup.svelte.ts';

async function begin(query = 'fake=empty') {
  const { backend, world } = fake(query);
  const overview = new Loadable(() => backend.getOverview());
  await overview.load();
  return { setup: new Setup(backend, overview), world, backend, overview };
}

async function connected(token = 'glpat-read') {
  const begun = await begin();
  begun.setup.connect.token = token;
  await begun.setup.submitConnect();
  return begun;
}

describe('connect', () => {
  test('a token that was accepted is not kept', async () => {
    const { setup, world } = await connected();
    expect(setup.step).toBe('permissions');
    expect(setup.connect.token).toBe('');
    expect(JSON.stringify(world.accounts)).not.toContain('glpat');
  });

  test('a token that was refused is not kept either, and the reason is at the field', async () => {
    const { setup } = await connected('glpat-wrong');
    expect(setup.step).toBe('connect');
    expect(setup.connect.token).toBe('');
    expect(setup.connect.tokenError).toMatchObject({ code: 'token' });
  });

  test('a wrong address does not cost the token', async () => {
    const { setup } = await begin();
    setup.connect.url = 'https://unreachable.example';
    setup.connect.token = 'glpat-read';
    await setup.submitConnect();
    expect(setup.connect.addressError?.code).toBe('address');
    expect(setup.connect.token).toBe('glpat-read');
  });

  test('without a token nothing is asked', async () => {
    const { setup, world } = await begin();
    await setup.submitConnect();
    expect(setup.connect.tokenError).toMatch(/token/);
    expect(world.accounts).toEqual([]);
  });

  test('going back and on again makes no second account', async () => {
    const { setup, world } = await connected();
    setup.back();
    await setup.submitConnect();
    expect(setup.step).toBe('permissions');
    expect(world.accounts).toHaveLength(1);
  });

  test('a new token for the same account replaces the old one', async () => {
    const { setup, world } = await connected();
    setup.back();
    setup.connect.token = 'glpat-full';
    await setup.submitConnect();
    expect(world.accounts).toHaveLength(1);
    expect(setup.connect.checklist?.can_restore).toBe(true);
  });
});

describe('going back', () => {
  test('loses nothing that was entered', async () => {
    const { setup } = await connected();
    setup.enterWhat();
    await setup.what!.items.load();
    setup.what!.mode = 'choose';
    setup.what!.toggle('acme/ops');
    const patterns = setup.what!.patterns;
    setup.enterWhere();
    setup.where.path = '/media/mira/other';
    setup.back();
    setup.back();
    setup.enterWhat();
    expect(setup.what!.patterns).toEqual(patterns);
    setup.enterWhere();
    expect(setup.where.path).toBe('/media/mira/other');
  });

  test('from When keeps the schedule, the retention and the vault', async () => {
    const { setup, world } = await connected();
    setup.enterWhat();
    setup.enterWhere();
    await setup.submitWhere();
    setup.enterWhen();
    setup.when.schedule.every = 'weekly';
    setup.when.retention.choice = 'long';
    setup.back();
    expect(setup.step).toBe('kit');
    setup.back();
    await setup.submitWhere();
    setup.enterWhen();
    expect(setup.when.schedule.value).toMatchObject({ every: 'weekly' });
    expect(setup.when.retention.choice).toBe('long');
    expect(world.vaults).toHaveLength(1);
  });
});

describe('where', () => {
  async function at(path: string) {
    const begun = await connected();
    begun.setup.enterWhat();
    begun.setup.enterWhere();
    begun.setup.where.path = path;
    await begun.setup.where.look();
    return begun;
  }

  test('a folder that cannot be used makes no vault and says why', async () => {
    const { setup, world } = await at('/root/x');
    await setup.submitWhere();
    expect(setup.step).toBe('where');
    expect(setup.where.folder?.problem).toMatch(/may not write/);
    expect(world.vaults).toEqual([]);
  });

  test('a folder with other things offers a better one', async () => {
    const { setup } = await at('/media/full');
    setup.where.use(setup.where.folder?.suggestion ?? '');
    await setup.where.look();
    expect(setup.where.folder?.problem).toBeNull();
  });

  test('an existing vault wants its key and refuses a wrong one', async () => {
    const { setup, world } = await at('/media/existing');
    await setup.submitWhere();
    expect(setup.where.lacking).toMatch(/key/);
    setup.where.key = 'WRONG';
    await setup.submitWhere();
    expect(setup.where.action.error?.code).toBe('key');
    expect(world.vaults).toEqual([]);
    setup.where.key = FAKE_KEY;
    await setup.submitWhere();
    expect(setup.where.key).toBe('');
    expect(world.vaults).toHaveLength(1);
  });

  test('a vault that brings its plans back asks before another one is made', async () => {
    const { setup, world } = await at('/media/existing');
    setup.where.key = FAKE_KEY;
    await setup.submitWhere();
    expect(setup.step).toBe('found');
    expect(setup.path[setup.pathStep]).toBe('where');
    expect(world.plans).toHaveLength(1);
    setup.goOn();
    expect(setup.step).toBe('kit');
  });

  test('a vault without backups goes on to the first one', async () => {
    const { setup } = await at('/media/unused');
    setup.where.key = FAKE_KEY;
    await setup.submitWhere();
    expect(setup.step).toBe('kit');
  });
});

describe('the first backup', () => {
  test('covers what was chosen and goes on every day unless something else was said', async () => {
    const { setup, world } = await connected();
    setup.enterWhat();
    await setup.what!.items.load();
    setup.what!.mode = 'choose';
    setup.what!.toggle('labs');
    setup.enterWhere();
    await setup.submitWhere();
    await setup.where.saveKit();
    expect(setup.where.vault?.recovery_kit).toBe('saved');
    await setup.start();
    expect(setup.step).toBe('first');
    expect(world.plans).toMatchObject([
      { include: [], exclude: ['labs/**'], kinds: null, schedule: { every: 'daily', minute: 750 } },
    ]);
    expect(world.running()?.kind).toBe('backup');
  });

  test('does not start while the time is wrong', async () => {
    const { setup, world } = await connected();
    setup.enterWhat();
    setup.enterWhere();
    await setup.submitWhere();
    setup.enterWhen();
    setup.when.schedule.minute = null;
    await setup.start();
    expect(setup.step).toBe('when');
    expect(world.plans).toEqual([]);
    setup.when.schedule.every = 'manual';
    setup.when.retention.choice = 'light';
    setup.when.startAtLogin = false;
    await setup.start();
    expect(world.plans).toMatchObject([{ schedule: { every: 'manual' }, retention: { daily: 7 } }]);
    expect(world.preferences.start_at_login).toBe(false);
  });

  test('trying again after a refusal makes no second plan', async () => {
    const { setup, world } = await connected();
    setup.enterWhat();
    setup.enterWhere();
    await setup.submitWhere();
    world.switches.fail.add('start_backup');
    await setup.start();
    expect(setup.starting.error?.code).toBe('address');
    world.switches.fail.delete('start_backup');
    await setup.start();
    expect(world.plans).toHaveLength(1);
  });
});

describe('a first backup that saved nothing', () => {
  test('is tried again with the same plan', async () => {
    const { setup, world } = await connected();
    world.switches.ends = 'failed';
    setup.enterWhat();
    setup.enterWhere();
    await setup.submitWhere();
    await setup.start();
    const first = setup.run;
    await vi.waitFor(() => expect(world.running()).toBeNull());
    expect(world.snapshots).toEqual([]);
    world.switches.ends = 'complete';
    await setup.start();
    expect(setup.run).not.toBe(first);
    await vi.waitFor(() => expect(world.snapshots).toHaveLength(1));
    expect(world.plans).toHaveLength(1);
  });
});

describe('a set-up left half-way', () => {
  test('goes on with the account and vault that exist', async () => {
    const { setup, backend, overview } = await connected();
    setup.enterWhat();
    setup.enterWhere();
    await setup.submitWhere();
    await overview.load();
    const again = new Setup(backend, overview);
    expect(again.connect.choice).toBe('account-1');
    expect(again.where.choice).toBe('vault-1');
  });
});
