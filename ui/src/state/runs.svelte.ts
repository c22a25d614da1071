// Runs as the window knows them: the list is asked for, events only say when
// to ask and how far the running one is. Closing and opening the window again
// therefore shows the same runs.
import { toAppError, type Backend } from '../backend/backend.ts';
import type { AppError, RunEvent, RunProgress, RunView } from '../backend/bindings.ts';
import { Loadable } from './loadable.svelte.ts';

export class Runs {
  /** Rises whenever something ended, began or was changed. */
  revision = $state(0);
  /** The run under way, with how far it is. */
  progress = $state.raw<RunProgress | null>(null);
  /** Why it is not known what runs. */
  problem = $state.raw<AppError | undefined>();
  readonly list: Loadable<RunView[]>;
  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.list = new Loadable(() => backend.listRuns());
  }

  /** Follows the events until the returned function is called. */
  async run(): Promise<() => void> {
    const unlisten = await this.#backend.onRunEvent((event) => this.hear(event));
    const look = (): void => {
      if (document.visibilityState === 'visible') void this.reconnect();
    };
    document.addEventListener('visibilitychange', look);
    await this.reconnect();
    return () => {
      unlisten();
      document.removeEventListener('visibilitychange', look);
    };
  }

  /** Asks for the truth, as after the window was opened again. */
  async reconnect(): Promise<void> {
    await Promise.all([this.#look(), this.list.load()]);
    this.revision += 1;
  }

  hear(event: RunEvent): void {
    if (event.type === 'progress') {
      if (event.progress.state !== 'ended') this.progress = event.progress;
      return;
    }
    if (event.type === 'ended' && this.progress?.run === event.run) this.progress = null;
    this.revision += 1;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    await Promise.all([this.#look(), this.list.load()]);
  }

  async #look(): Promise<void> {
    try {
      const progress = await this.#backend.running();
      // An event may have told more in the meantime.
      if (progress === null || progress.run !== this.progress?.run) this.progress = progress;
      this.problem = undefined;
    } catch (thrown) {
      this.problem = toAppError(thrown);
    }
  }

  progressOf(run: string): RunProgress | null {
    return this.progress?.run === run ? this.progress : null;
  }

  /** Runs that wait for another one. */
  get queued(): RunView[] {
    return (this.list.value ?? []).filter(({ state }) => state === 'queued');
  }

  get ended(): RunView[] {
    return (this.list.value ?? []).filter(({ state }) => state === 'ended');
  }
}
