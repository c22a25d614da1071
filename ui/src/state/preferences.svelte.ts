// How Labkeep behaves on this machine, changed one thing at a time. What was
// changed while the change before is being kept is kept right after it.
import { toAppError, type Backend } from '../backend/backend.ts';
import type { AppError, PreferencesView } from '../backend/bindings.ts';
import { Loadable } from './loadable.svelte.ts';

export class Preferences {
  readonly view: Loadable<PreferencesView>;
  /** Why the last change was not kept. */
  error = $state.raw<AppError | null>(null);
  /** Whether the last change was kept. */
  saved = $state(false);
  #backend: Backend;
  #saving = false;
  #again = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.view = new Loadable(() => backend.getPreferences());
  }

  async change(change: Partial<PreferencesView>): Promise<void> {
    const now = this.view.value;
    if (now === undefined) return;
    this.view.value = { ...now, ...change };
    this.saved = false;
    this.#again = true;
    if (this.#saving) return;
    this.#saving = true;
    while (this.#again) await this.#save();
    this.#saving = false;
  }

  async #save(): Promise<void> {
    this.#again = false;
    const wanted = this.view.value;
    if (wanted === undefined) return;
    try {
      await this.#backend.setPreferences(wanted);
      this.error = null;
      this.saved = true;
    } catch (thrown) {
      this.error = toAppError(thrown);
    }
  }
}
