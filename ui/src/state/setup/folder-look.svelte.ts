// A folder that is looked at while its path is typed or chosen. What the look
// means depends on who wants the folder: those who make a vault there, or open
// one, extend it.
import type { Backend } from '../../backend/backend.ts';
import type { AppError, FolderView } from '../../backend/bindings.ts';
import { t } from '../../texts/index.ts';
import { Action } from '../loadable.svelte.ts';

const TYPING_MS = 350;

export class FolderLook {
  path = $state('');
  folder = $state.raw<FolderView | null>(null);
  looking = $state(false);
  lookError = $state.raw<AppError | null>(null);
  /** What was not entered, said without asking anybody. */
  lacking = $state<string | null>(null);
  readonly action = new Action();
  protected readonly backend: Backend;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend, path: string) {
    this.backend = backend;
    this.path = path;
  }

  get isVault(): boolean {
    return this.folder?.state === 'vault';
  }

  /** Why the folder cannot be used, if it cannot. */
  get problem(): string | null {
    return this.folder?.problem ?? null;
  }

  /** What was found, where it can be used. */
  get words(): string {
    return this.folder === null ? '' : t.setup.where.states[this.folder.state];
  }

  /** Whether there is a doubt about it, though it can be used. */
  get doubtful(): boolean {
    return false;
  }

  /** A better path. */
  get offer(): string | null {
    return this.folder?.suggestion ?? null;
  }

  /** Whether something that can be plugged in may be missing. */
  get away(): boolean {
    return false;
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

  use(path: string): void {
    this.path = path;
    this.lacking = null;
    void this.look();
  }

  async browse(): Promise<void> {
    await this.action.do(async () => {
      const path = await this.backend.chooseFolder();
      if (path !== null) this.use(path);
    });
  }

  /** What is at a path; may look further than at the path itself. */
  protected async inspect(path: string): Promise<FolderView> {
    return this.backend.inspectFolder(path);
  }

  async #asked(path: string): Promise<AppError | null> {
    const ask = new Action();
    await ask.do(async () => {
      const folder = await this.inspect(path);
      if (this.path.trim() === path) this.folder = folder;
    });
    return ask.error ?? null;
  }
}
