// An export: which version, in which form, into which folder.
import type { Backend } from '../backend/backend.ts';
import type { RestoreRequest } from '../backend/bindings.ts';
import { t } from '../texts/index.ts';
import { Action } from './loadable.svelte.ts';

export class Export {
  form = $state<'folder' | 'archive'>('folder');
  folder = $state('');
  lacking = $state<string | null>(null);
  readonly action = new Action();
  #backend: Backend;
  #request: RestoreRequest;

  constructor(backend: Backend, request: RestoreRequest) {
    this.#backend = backend;
    this.#request = request;
  }

  async browse(): Promise<void> {
    await this.action.do(async () => {
      const folder = await this.#backend.chooseFolder();
      if (folder !== null) this.folder = folder;
    });
  }

  /** Gives the run, or none if it was not started. */
  async start(): Promise<string | null> {
    const folder = this.folder.trim();
    this.lacking = folder === '' ? t.restore.export.empty : null;
    if (folder === '') return null;
    let run: string | null = null;
    await this.action.do(async () => {
      run = await this.#backend.exportItem(this.#request, folder, this.form === 'archive');
    });
    return run;
  }
}
