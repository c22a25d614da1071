// The Where step: a new vault in a folder or one that is there already, and the
// recovery kit.
import type { Backend } from '../../backend/backend.ts';
import type { VaultView } from '../../backend/bindings.ts';
import { t } from '../../texts/index.ts';
import { Action } from '../loadable.svelte.ts';
import { ANOTHER } from './connect.svelte.ts';
import { FolderLook } from './folder-look.svelte.ts';

export class Where extends FolderLook {
  key = $state('');
  name = $state('');
  /** ID of a known vault, or `ANOTHER`. */
  choice = $state(ANOTHER);
  vault = $state.raw<VaultView | null>(null);
  /** Where the kit was saved in this set-up. */
  kitPath = $state<string | null>(null);
  readonly kit = new Action();

  constructor(backend: Backend, known: readonly VaultView[], suggested: string) {
    super(backend, suggested);
    this.choice = known.at(-1)?.id ?? ANOTHER;
  }

  /** Makes or opens the vault; gives whether there is one now. */
  async submit(known: readonly VaultView[]): Promise<boolean> {
    const chosen = known.find(({ id }) => id === this.choice);
    this.lacking = null;
    if (chosen) {
      this.vault = chosen;
      return true;
    }
    if (this.path.trim() === '') {
      this.lacking = t.setup.where.empty;
      return false;
    }
    if (this.folder === null) await this.look();
    const folder = this.folder;
    if (folder === null || folder.problem !== null) return false;
    if (this.isVault && this.key.trim() === '') {
      this.lacking = t.setup.where.keyEmpty;
      return false;
    }
    return this.action.do(async () => {
      const name = this.name.trim();
      this.vault = this.isVault
        ? await this.backend.openVault(folder.path, this.key.trim(), name)
        : await this.backend.createVault(folder.path, name);
      this.key = '';
      this.choice = this.vault.id;
    });
  }

  async saveKit(): Promise<void> {
    const vault = this.vault;
    if (vault === null) return;
    await this.kit.do(async () => {
      const path = await this.backend.saveRecoveryKit(vault.id);
      if (path === null) return;
      this.kitPath = path;
      this.vault = { ...vault, recovery_kit: 'saved' };
    });
  }

  async postponeKit(): Promise<void> {
    const vault = this.vault;
    if (vault === null) return;
    await this.kit.do(async () => {
      await this.backend.postponeRecoveryKit(vault.id);
      this.vault = { ...vault, recovery_kit: 'postponed' };
    });
  }
}
