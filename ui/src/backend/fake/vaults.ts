// Folders, vaults and plans in the sample data. The folder's name says what is
// found there: …/existing is a vault with backups, …/unused one without any,
// …/full holds other things, …/drive a vault in a folder of its own, and
// nothing is where …/away/ is.
import type { FolderState, FolderView } from '../bindings.ts';
import type { Topic } from '../fake.ts';
import { reject } from './accounts.ts';
import { recover } from './recovery.ts';
import type { World } from './world.ts';

const GIBIBYTE = 1024 ** 3;
export const FAKE_KEY = 'K7QWM-3XN9D-R5TJH-8PVC2-Y6BFA-4GZES';

type Names =
  | 'chooseFolder'
  | 'chooseFile'
  | 'inspectFolder'
  | 'createVault'
  | 'openVault'
  | 'saveRecoveryKit'
  | 'postponeRecoveryKit'
  | 'removeVault'
  | 'checkVault'
  | 'giveUpDamaged'
  | 'createPlan'
  | 'updatePlan'
  | 'removePlan';

export function vaultCommands(world: World): Topic<Names> {
  const find = (id: string) =>
    world.vaults.find((vault) => vault.id === id) ??
    reject('not_found', 'This vault is not known any more.');
  return {
    chooseFolder: async () => '/media/mira/backup/labkeep',
    chooseFile: async () => '/home/mira/company-ca.pem',
    inspectFolder: async (path) => inspect(path),
    createVault: async (path, name) => {
      const folder = inspect(path);
      if (folder.problem) reject('folder', folder.problem);
      const vault = world.addVault(folder.path, name || 'Backups');
      world.emit({ type: 'changed' });
      return vault;
    },
    openVault: async (path, key, name) => {
      if (key.replace(/[^0-9a-z]/gi, '').toUpperCase() !== FAKE_KEY.replaceAll('-', '')) {
        reject('key', 'This is not the key of this vault.', 'It is on the recovery kit.');
      }
      const folder = inspect(path);
      if (folder.state !== 'vault')
        reject(
          'folder',
          `The folder ${folder.path} is not there.`,
          'If it is on a drive, plug it in.',
        );
      const known = world.vaults.find(({ location }) => location === folder.path);
      const vault = known ?? world.addVault(folder.path, name || 'Backups');
      vault.recovery_kit = 'saved';
      // A machine that has plans knows what is in the vault already.
      if (world.plans.length === 0 && !folder.path.endsWith('/unused')) recover(world, vault);
      world.emit({ type: 'changed' });
      return vault;
    },
    saveRecoveryKit: async (id) => {
      find(id).recovery_kit = 'saved';
      world.emit({ type: 'changed' });
      return '/home/mira/Documents/Labkeep recovery kit.html';
    },
    postponeRecoveryKit: async (id) => {
      find(id).recovery_kit = 'postponed';
      world.emit({ type: 'changed' });
      return null;
    },
    removeVault: async (id) => {
      const used = world.plans.find(({ vault }) => vault === id);
      if (used)
        reject(
          'refused',
          `The plan “${used.name}” keeps its copies here.`,
          'Change the plan first.',
        );
      world.vaults = world.vaults.filter((vault) => vault.id !== id);
      world.emit({ type: 'changed' });
      return null;
    },
    checkVault: async (id) => world.start('verify', find(id).name),
    giveUpDamaged: async (id) => {
      const vault = find(id);
      world.lost = false;
      return world.start('verify', vault.name);
    },
    createPlan: async (plan) => {
      const made = world.addPlan(plan);
      world.emit({ type: 'changed' });
      return made;
    },
    updatePlan: async (id, input) => {
      const index = world.plans.findIndex((plan) => plan.id === id);
      if (index < 0) reject('not_found', 'This plan is not known any more.');
      const plan = { ...world.plans[index]!, ...input };
      world.plans[index] = plan;
      world.emit({ type: 'changed' });
      return plan;
    },
    removePlan: async (id) => {
      const index = world.plans.findIndex((plan) => plan.id === id);
      if (index < 0) reject('not_found', 'This plan is not known any more.');
      world.plans.splice(index, 1);
      world.emit({ type: 'changed' });
      return null;
    },
  };
}

function inspect(typed: string): FolderView {
  const path = typed.trim().replace(/^~(?=\/|$)/, '/home/mira');
  const answer = (
    state: FolderState,
    problem: string | null = null,
    suggestion: string | null = null,
  ): FolderView => ({
    path,
    state,
    free_bytes: state === 'invalid' ? null : (path.includes('/small') ? 8 : 412) * GIBIBYTE,
    problem,
    suggestion,
  });
  if (!path.startsWith('/')) {
    return answer('invalid', 'Enter a whole path, such as /home/mira/Labkeep.');
  }
  if (path.startsWith('/root') || path === '/') {
    return answer('not_writable', 'You may not write here. Choose a folder of your own.');
  }
  if (path.endsWith('/full')) {
    return answer('not_empty', 'This folder holds other things already.', `${path}/Labkeep`);
  }
  if (path.includes('/away')) {
    return answer('invalid', 'There is no such place. If it is on a removable drive, connect it.');
  }
  if (path.endsWith('/drive')) {
    return answer(
      'not_empty',
      'There are other things in this folder.',
      `${path}/Labkeep vault/existing`,
    );
  }
  if (path.endsWith('/existing') || path.endsWith('/unused')) return answer('vault');
  if (path.endsWith('/newer')) {
    return answer('newer_vault', 'This vault was made by a newer Labkeep. Update Labkeep first.');
  }
  return answer(path.includes('/media') ? 'empty' : 'new');
}
