// "I have a vault": from a folder and a key to everything that the vault knows,
// without a GitLab. Never makes a vault; the key is held until it was accepted.
import type { Backend } from '../../backend/backend.ts';
import type { AppError, FolderView, VaultView } from '../../backend/bindings.ts';
import { foundIn, type Found } from '../../rules/found.ts';
import { t } from '../../texts/index.ts';
import { Loadable } from '../loadable.svelte.ts';
import { FolderLook } from './folder-look.svelte.ts';

export class Recovery extends FolderLook {
  key = $state('');
  name = $state('');
  keyLacking = $state<string | null>(null);
  vault = $state.raw<VaultView | null>(null);
  readonly found: Loadable<Found | null>;
  /** A vault inside the folder that was looked at. */
  #inside = $state.raw<string | null>(null);

  constructor(backend: Backend) {
    super(backend, '');
    this.found = new Loadable(() => this.#count());
  }

  override get problem(): string | null {
    if (this.folder === null || this.isVault || this.doubtful) return null;
    const text = t.setup.recovery.noVault;
    switch (this.folder.state) {
      case 'new':
        return text.new;
      case 'empty':
        return text.empty;
      case 'not_empty':
        return this.#inside === null ? text.notEmpty : text.inside;
      default:
        return this.folder.problem ?? t.setup.where.states[this.folder.state];
    }
  }

  /** What may not be written to may hold a vault all the same. */
  override get doubtful(): boolean {
    return this.folder?.state === 'not_writable';
  }

  override get words(): string {
    return this.doubtful ? t.setup.recovery.readOnly : t.setup.recovery.isVault;
  }

  override get offer(): string | null {
    return this.#inside;
  }

  override get away(): boolean {
    return this.folder?.state === 'new' || this.folder?.state === 'invalid';
  }

  get keyError(): AppError | string | null {
    const error = this.action.error;
    return error?.code === 'key' ? error : this.keyLacking;
  }

  get otherError(): AppError | null {
    const error = this.action.error ?? null;
    return error?.code === 'key' ? null : error;
  }

  /** Whether the folder is a vault that a key can be entered for. */
  async submitWhere(): Promise<boolean> {
    this.lacking = this.path.trim() === '' ? t.setup.recovery.folderEmpty : null;
    if (this.lacking !== null) return false;
    if (this.folder === null) await this.look();
    return this.isVault || this.doubtful;
  }

  /** What was refused at the key is no matter of the folder's; the key stays. */
  leaveKey(): void {
    this.keyLacking = null;
    this.action.error = undefined;
  }

  /** Opens the vault; gives whether it is open now. */
  async submitKey(): Promise<boolean> {
    const place = this.folder?.path;
    if (place === undefined) return false;
    this.keyLacking = this.key.trim() === '' ? t.setup.where.keyEmpty : null;
    if (this.keyLacking !== null) return false;
    return this.action.do(async () => {
      this.vault = await this.backend.openVault(place, this.key.trim(), this.name.trim());
      this.key = '';
    });
  }

  /** Takes a vault that was opened on another road. */
  take(vault: VaultView): void {
    this.vault = vault;
    void this.found.load();
  }

  /** What people choose first is the drive, not the folder on it. */
  protected override async inspect(path: string): Promise<FolderView> {
    const folder = await this.backend.inspectFolder(path);
    const inside = folder.state === 'not_empty' ? folder.suggestion : null;
    const there = inside === null ? null : await this.backend.inspectFolder(inside);
    if (this.path.trim() === path) this.#inside = there?.state === 'vault' ? there.path : null;
    return folder;
  }

  async #count(): Promise<Found | null> {
    const vault = this.vault;
    if (vault === null) return null;
    const [overview, home, snapshots, projects] = await Promise.all([
      this.backend.getOverview(),
      this.backend.getHome(),
      this.backend.listSnapshots(),
      this.backend.listProjects(),
    ]);
    return foundIn(vault, overview, home, snapshots, projects);
  }
}
