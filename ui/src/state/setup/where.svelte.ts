// The Where step: a folder that is looked at while it is typed, a new vault in
// it or one that is there already, and the recovery kit.
import type { Backend } from '../../backend/backend.ts';
import type { AppError, FolderView, VaultView } from '../../backend/bindings.ts';
import { t } from '../../texts/index.ts';
import { Action } from '../loadable.svelte.ts';
import { ANOTHER } from './connect.svelte.ts';

const TYPING_MS = 350;

export class Where {
  path = $state('');
  key = $state('');
  name = $state('');
  /** ID of a known vault, or `ANOTHER`. */
  choice = $state(ANOTHER);
  folder = $state.raw<FolderView | null>(null);
  looking = $state(false);
  lookError = $state.raw<AppError | null>(null);
  lacking = $state<string | null>(null);
  vault = $state.raw<VaultView | null>(null);
  /** Where the kit was saved in this set-up. */
  kitPath = $state<string | null>(null);
  readonly action = new Action();
  readonly kit = new Action();
  #backend: Backend;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend, known: readonly VaultView[], suggested: string) {
    this.#backend = backend;
    this.choice = known.at(-1)?.id ?? ANOTHER;
    this.path = suggested;
  }

  /** Looks at the folder once the typing pauses. */
  typed(): void {
    clearTimeout(this.#timer);
    this.lacking = null;
    this.folder = null;
    this.#timer = setTimeout(() => void this.look(), TYPING_MS);
  }

  async look(): Promise<void> {
    clearTimeout(this.#timer);
    const path = this.path.trim();
    this.folder = null;
    this.lookError = null;
    if (path === '') return;
    this.looking = true;
    const error = await this.#asked(path);
    if (this.path.trim() !== path) return;
    this.lookError = error;
    this.looking = false;
  }

  async #asked(path: string): Promise<AppError | null> {
    const ask = new Action();
    await ask.do(async () => {
      const folder = await this.#backend.inspectFolder(path);
      if (this.path.trim() === path) this.folder = folder;
    });
    return ask.error ?? null;
  }

  use(path: string): void {
    this.path = path;
    void this.look();
  }

  async browse(): Promise<void> {
    await this.action.do(async () => {
      const path = await this.#backend.chooseFolder();
      if (path !== null) this.use(path);
    });
  }

  get isVault(): boolean {
    return this.folder?.state === 'vault';
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
        ? await this.#backend.openVault(folder.path, this.key.trim(), name)
        : await this.#backend.createVault(folder.path, name);
      this.key = '';
      this.choice = this.vault.id;
    });
  }

  async saveKit(): Promise<void> {
    const vault = this.vault;
    if (vault === null) return;
    await this.kit.do(async () => {
      const path = await this.#backend.saveRecoveryKit(vault.id);
      if (path === null) return;
      this.kitPath = path;
      this.vault = { ...vault, recovery_kit: 'saved' };
    });
  }

  async postponeKit(): Promise<void> {
    const vault = this.vault;
    if (vault === null) return;
    await this.kit.do(async () => {
      await this.#backend.postponeRecoveryKit(vault.id);
      this.vault = { ...vault, recovery_kit: 'postponed' };
    });
  }
}
