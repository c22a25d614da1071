// An answer of the backend with its three faces: not here yet, here, refused.
// While it is asked again the old answer stays, so lists do not flicker.
import { toAppError } from '../backend/backend.ts';
import type { AppError } from '../backend/bindings.ts';

export class Loadable<T> {
  value = $state.raw<T | undefined>();
  error = $state.raw<AppError | undefined>();
  loading = $state(false);
  #ask: () => Promise<T>;
  #latest = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Nothing is known yet: neither an answer nor a refusal. */
  get pending(): boolean {
    return this.value === undefined && this.error === undefined;
  }

  /** Asks; an answer that a newer question overtook is dropped. */
  async load(): Promise<void> {
    this.#latest += 1;
    const mine = this.#latest;
    this.loading = true;
    try {
      const value = await this.#ask();
      if (mine !== this.#latest) return;
      this.value = value;
      this.error = undefined;
    } catch (thrown) {
      if (mine !== this.#latest) return;
      this.error = toAppError(thrown);
    }
    this.loading = false;
  }
}

/** One thing that a button does: under way, refused, or neither. */
export class Action {
  busy = $state(false);
  /** Whether it was done at least once. */
  done = $state(false);
  error = $state.raw<AppError | undefined>();

  /** Does it unless it is under way; gives whether it was done. */
  async do(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = undefined;
    try {
      await work();
      this.done = true;
      return true;
    } catch (thrown) {
      this.error = toAppError(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
