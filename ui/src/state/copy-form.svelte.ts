// A second copy being set up or changed: which vault, into which other one, and
// how long its snapshots are kept there.
import type { Backend } from '../backend/backend.ts';
import type { CopyView, Overview, VaultView } from '../backend/bindings.ts';
import { Action } from './loadable.svelte.ts';
import { RetentionForm } from './retention-form.svelte.ts';
import { ANOTHER } from './setup/connect.svelte.ts';
import { Where } from './setup/where.svelte.ts';

export class CopyForm {
  readonly where: Where;
  readonly retention: RetentionForm;
  readonly action = new Action();
  /** Those that are known, one that was made here included. */
  vaults = $state.raw<readonly VaultView[]>([]);
  #from = $state('');
  #backend: Backend;
  #copy: CopyView | null;
  #taken: ReadonlySet<string>;

  constructor(backend: Backend, overview: Overview, copy: CopyView | null) {
    this.#backend = backend;
    this.#copy = copy;
    this.vaults = overview.vaults;
    this.#taken = new Set(
      overview.copies.filter(({ id }) => id !== copy?.id).map(({ from, to }) => pair(from, to)),
    );
    const used = overview.plans[0]?.vault;
    this.#from = copy?.from ?? used ?? overview.vaults[0]?.id ?? '';
    this.where = new Where(backend, [], '');
    this.where.choice = copy?.to ?? this.targets[0]?.id ?? ANOTHER;
    const retention = copy?.retention ?? overview.plans[0]?.retention;
    this.retention = new RetentionForm(overview.retention_presets, retention);
  }

  get from(): string {
    return this.#from;
  }

  set from(vault: string) {
    this.#from = vault;
    const fits = this.targets.some(({ id }) => id === this.where.choice);
    if (!fits) this.where.choice = this.targets[0]?.id ?? ANOTHER;
  }

  /** Vaults that can get the copies. */
  get targets(): VaultView[] {
    return this.vaults.filter(
      ({ id }) => id !== this.#from && !this.#taken.has(pair(this.#from, id)),
    );
  }

  /** Keeps it; gives whether that was done. */
  async save(): Promise<boolean> {
    const retention = this.retention.value;
    if (retention === null || this.action.busy) return false;
    if (!(await this.where.submit(this.targets))) return false;
    const vault = this.where.vault;
    if (vault === null) return false;
    if (!this.vaults.some(({ id }) => id === vault.id)) this.vaults = [...this.vaults, vault];
    const input = { from: this.#from, to: vault.id, retention };
    return this.action.do(async () => {
      if (this.#copy === null) await this.#backend.createCopy(input);
      else await this.#backend.updateCopy(this.#copy.id, input);
    });
  }
}

function pair(from: string, to: string): string {
  return `${from} ${to}`;
}
