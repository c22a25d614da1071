// Takes up a run where it stopped. A restore may ask for its token again, as
// that was never kept.
import type { Backend } from '../backend/backend.ts';
import type { AppError } from '../backend/bindings.ts';
import { t } from '../texts/index.ts';
import { Action } from './loadable.svelte.ts';

export class Resume {
  readonly action = new Action();
  token = $state('');
  /** Whether a token was asked for. */
  asking = $state(false);
  lacking = $state<string | null>(null);
  #backend: Backend;
  #run: string;

  constructor(backend: Backend, run: string) {
    this.#backend = backend;
    this.#run = run;
  }

  get tokenError(): AppError | string | null {
    const error = this.action.error;
    if (error?.code === 'token') return error;
    return this.lacking;
  }

  get otherError(): AppError | null {
    const error = this.action.error;
    return error && error.code !== 'token' ? error : null;
  }

  /** Gives the run that goes on, or none if it does not. */
  async start(): Promise<string | null> {
    const token = this.token.trim();
    this.lacking = this.asking && token === '' ? t.restore.tokenEmpty : null;
    if (this.lacking !== null) return null;
    let run: string | null = null;
    await this.action.do(async () => {
      run = await this.#backend.resumeRun(this.#run, token === '' ? null : token);
    });
    if (run !== null || this.action.error?.code === 'token') this.token = '';
    this.asking = this.action.error?.code === 'token';
    return run;
  }

  /** Leaves it stopped. */
  stop(): void {
    this.asking = false;
    this.token = '';
    this.lacking = null;
    this.action.error = undefined;
  }
}
