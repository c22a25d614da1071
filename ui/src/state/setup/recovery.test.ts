import { describe, expect, test, vi } from 'vitest';
import { FAKE_KEY } from '../../backend/fake/vaults.ts';
import { faceOf } from '../../rules/found.ts';
import { fake } from '../fixtures.ts';
import { Loadable } from '../loadable.svelte.ts';
import { Setup } from './setup.svelte.ts';

async function begin(query = 'fake=empty') {
  const { backend, world } = fake(query);
  const overview = new Loadable(() => backend.getOverview());
  await overview.load();
  const setup = new Setup(backend, overview);
  setup.enterVault();
  return { setup, recovery: setup.recovery, world, backend, overview };
}

async function at(path: string, query?: string) {
  const begun = await begin(query);
  begun.recovery.path = path;
  await begun.setup.submitVaultWhere();
  return begun;
}

async function opened(path = '/media/existing', query?: string) {
  const begun = await at(path, query);
  begun.recovery.key = FAKE_KEY;
  await begun.setup.submitVaultKey();
  return begun;
}

describe('where the vault is', () => {
  test('a vault leads on to its key', async () => {
    const { setup, recovery } = await at('/media/existing');
    expect(recovery.problem).toBeNull();
    expect(setup.step).toBe('vault_key');
  });

  test.each([
    ['/media/usb', /no vault here: this folder is empty/],
    ['/home/mira/new', /no such folder/],
    ['/media/full', /no vault here: this folder holds other things/],
    ['/media/away/labkeep', /removable drive/],
    ['/media/newer', /newer Labkeep/],
  ])('%s is refused in words and makes nothing', async (path, words) => {
    const { setup, recovery, world } = await at(path);
    expect(setup.step).toBe('vault_where');
    expect(recovery.problem).toMatch(words);
    expect(world.vaults).toEqual([]);
  });

  test('a write-protected drive is tried with the key', async () => {
    const { setup, recovery, world } = await at('/root/labkeep');
    expect(recovery.problem).toBeNull();
    expect(recovery.words).toMatch(/cannot be written to/);
    expect(setup.step).toBe('vault_key');
    recovery.key = FAKE_KEY;
    await setup.submitVaultKey();
    expect(recovery.otherError?.code).toBe('folder');
    expect(world.vaults).toEqual([]);
  });

  test('no folder at all is said at the field', async () => {
    const { setup, recovery } = await at('  ');
    expect(setup.step).toBe('vault_where');
    expect(recovery.lacking).toMatch(/folder/);
  });

  test('a drive with a vault in it offers the vault', async () => {
    const { setup, recovery } = await at('/media/drive');
    expect(recovery.problem).toMatch(/there is one in it/);
    recovery.use(recovery.offer ?? '');
    await setup.submitVaultWhere();
    expect(setup.step).toBe('vault_key');
    expect(recovery.offer).toBeNull();
  });
});

describe('the key', () => {
  test('is asked for, refused when wrong, and not lost by that', async () => {
    const { setup, recovery, world } = await at('/media/existing');
    await setup.submitVaultKey();
    expect(recovery.keyError).toMatch(/key/);
    recovery.key = 'K7QWM-WRONG';
    await setup.submitVaultKey();
    expect(recovery.keyError).toMatchObject({ code: 'key' });
    expect(recovery.key).toBe('K7QWM-WRONG');
    expect(world.vaults).toEqual([]);
  });

  test('is forgotten once the vault is open', async () => {
    const { recovery } = await opened();
    expect(recovery.key).toBe('');
  });

  test('survives going back, without what was refused', async () => {
    const { setup, recovery } = await at('/media/existing');
    recovery.key = 'K7QWM-WRONG';
    await setup.submitVaultKey();
    setup.back();
    expect(setup.step).toBe('vault_where');
    expect(recovery.path).toBe('/media/existing');
    expect(recovery.otherError).toBeNull();
    await setup.submitVaultWhere();
    expect(recovery.key).toBe('K7QWM-WRONG');
    expect(recovery.keyError).toBeNull();
    setup.back();
    setup.back();
    expect(setup.step).toBe('connect');
  });

  test('a drive that went away meanwhile costs nothing that was entered', async () => {
    const { setup, recovery, world } = await at('/media/existing');
    recovery.key = FAKE_KEY;
    world.switches.fail.add('open_vault');
    await setup.submitVaultKey();
    expect(setup.step).toBe('vault_key');
    expect(recovery.otherError).not.toBeNull();
    world.switches.fail.delete('open_vault');
    await setup.submitVaultKey();
    expect(setup.step).toBe('found');
  });
});

describe('what was found', () => {
  test('is counted, and Labkeep is set up without a GitLab', async () => {
    const { setup, recovery, overview, world } = await opened();
    const found = recovery.found.value;
    expect(setup.step).toBe('found');
    expect(found).toMatchObject({ snapshots: world.snapshots.length, gaps: false, copies: 0 });
    expect(found?.projects).toBe(world.projects);
    expect(found?.last?.at).toBe(world.snapshots[0]?.at);
    expect(found?.plans).toHaveLength(1);
    expect(overview.value?.set_up).toBe(true);
    expect(overview.value?.protection).toBe('needs_attention');
  });

  test('names the account that needs a token until it has one', async () => {
    const { recovery, backend, world } = await opened();
    const [line] = recovery.found.value?.attention ?? [];
    expect(line?.remedy).toEqual({ do: 'renew_token', account: world.accounts[0]?.id });
    const request = { url: 'https://gitlab.com', ca_file: null, account: world.accounts[0]!.id };
    await backend.connectAccount(request, 'glpat-read');
    await recovery.found.load();
    expect(recovery.found.value?.attention).toEqual([]);
    expect(world.accounts).toHaveLength(1);
  });

  test('says when snapshots could not be read', async () => {
    const { recovery } = await opened('/media/existing', 'fake=empty&also=unread');
    expect(recovery.found.value?.gaps).toBe(true);
    expect(faceOf(recovery.found.value!)).toBe('with_gaps');
  });

  test('an empty vault goes on to Connect and is chosen for its backups', async () => {
    const { setup, recovery, world } = await opened('/media/unused');
    expect(faceOf(recovery.found.value!)).toBe('empty');
    setup.goOn();
    expect(setup.step).toBe('connect');
    expect(setup.where.choice).toBe(world.vaults[0]?.id);
  });

  test('a vault that is known is opened again and stays the only one', async () => {
    const { setup, backend, recovery, world } = await at('/media/existing');
    const known = await backend.openVault('/media/existing', FAKE_KEY, '');
    recovery.key = FAKE_KEY;
    await setup.submitVaultKey();
    expect(setup.step).toBe('found');
    expect(recovery.vault?.id).toBe(known.id);
    expect(world.vaults).toHaveLength(1);
  });

  test('what is refused at a known place is not taken for found', async () => {
    const { setup, backend, recovery } = await at('/media/existing');
    await backend.openVault('/media/existing', FAKE_KEY, '');
    const other = { code: 'folder', message: 'It is another vault.', hint: null };
    vi.spyOn(backend, 'openVault').mockRejectedValue(other);
    recovery.key = FAKE_KEY;
    await setup.submitVaultKey();
    expect(setup.step).not.toBe('found');
    expect(recovery.otherError?.message).toBe('It is another vault.');
  });
});
