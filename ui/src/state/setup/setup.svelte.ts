// The set-up as a whole. Every step keeps what was entered while the user goes
// back and forth; nothing is made before its step is left.
import type { Backend } from '../../backend/backend.ts';
import type { Overview, PlanInput } from '../../backend/bindings.ts';
import { Action, Loadable } from '../loadable.svelte.ts';
import { Connect } from './connect.svelte.ts';
import { Recovery } from './recovery.svelte.ts';
import { What } from './what.svelte.ts';
import { When } from './when.svelte.ts';
import { Where } from './where.svelte.ts';

export type Step =
  | 'connect'
  | 'permissions'
  | 'what'
  | 'where'
  | 'kit'
  | 'when'
  | 'first'
  | 'vault_where'
  | 'vault_key'
  | 'found';

/** The steps that the path shows; the kit belongs to Where. */
const PATH = ['connect', 'permissions', 'what', 'where', 'when'] as const;
/** The path of who has a vault. */
const VAULT_PATH = ['vault_where', 'vault_key', 'found'] as const;
export type PathStep = (typeof PATH)[number] | (typeof VAULT_PATH)[number];

export class Setup {
  step = $state<Step>('connect');
  readonly connect: Connect;
  readonly where: Where;
  readonly when: When;
  readonly recovery: Recovery;
  what = $state.raw<What | null>(null);
  run = $state<string | null>(null);
  readonly checking = new Action();
  readonly starting = new Action();
  /** No set-up was finished before. */
  readonly first: boolean;
  #backend: Backend;
  #overview: Loadable<Overview>;
  #plan: string | null = null;
  /** The vault was opened in the Where step, after a GitLab was connected. */
  #inWhere = $state(false);

  constructor(backend: Backend, overview: Loadable<Overview>) {
    this.#backend = backend;
    this.#overview = overview;
    const now = overview.value;
    this.first = !(now?.set_up ?? false);
    // A first set-up that was left half-way goes on with what it made.
    this.connect = new Connect(backend, this.first ? (now?.accounts ?? []) : []);
    this.where = new Where(
      backend,
      this.first ? (now?.vaults ?? []) : [],
      now?.suggested_vault ?? '',
    );
    this.when = new When(backend, now?.retention_presets ?? []);
    this.recovery = new Recovery(backend);
  }

  get path(): readonly PathStep[] {
    const onVaultRoad = VAULT_PATH.some((step) => step === this.step);
    return onVaultRoad && !this.#inWhere ? VAULT_PATH : PATH;
  }

  /** Where on the path; past its end once the first backup was started. */
  get pathStep(): number {
    const step = this.step === 'kit' ? 'where' : this.step;
    if (step === 'first') return PATH.length;
    const shown = step === 'found' && this.#inWhere ? 'where' : step;
    return this.path.findIndex((one) => one === shown);
  }

  back(): void {
    const before: Record<Step, Step> = {
      connect: 'connect',
      permissions: 'connect',
      what: 'permissions',
      where: 'what',
      kit: 'where',
      when: 'kit',
      first: 'first',
      vault_where: 'connect',
      vault_key: 'vault_where',
      found: 'found',
    };
    if (this.step === 'vault_key') this.recovery.leaveKey();
    this.step = before[this.step];
  }

  async submitConnect(): Promise<void> {
    if (!(await this.connect.submit(this.#overview.value?.accounts ?? []))) return;
    this.step = 'permissions';
    await this.#overview.load();
  }

  /** Reads again what the token allows. */
  async checkAgain(): Promise<void> {
    const account = this.connect.account;
    if (account === null) return;
    await this.checking.do(async () => {
      this.connect.checklist = await this.#backend.checkAccount(account.id);
    });
  }

  enterWhat(): void {
    const account = this.connect.account;
    if (account === null) return;
    if (this.what?.account !== account.id) this.what = new What(this.#backend, account.id);
    if (this.what.items.value === undefined) void this.what.items.load();
    this.step = 'what';
  }

  enterWhere(): void {
    this.step = 'where';
    if (this.where.folder === null) void this.where.look();
  }

  async submitWhere(): Promise<void> {
    const known = this.#overview.value?.vaults ?? [];
    if (!(await this.where.submit(known))) return;
    await this.#overview.load();
    const { vault } = this.where;
    const plans = this.#overview.value?.plans ?? [];
    const isOpened = known.every(({ id }) => id !== vault?.id);
    // One that another computer made: its plans may be all that is wanted.
    if (vault !== null && isOpened && plans.some((plan) => plan.vault === vault.id)) {
      this.recovery.take(vault);
      this.#inWhere = true;
      this.step = 'found';
    } else this.step = 'kit';
  }

  /** "I have a vault". */
  enterVault(): void {
    this.#inWhere = false;
    this.step = 'vault_where';
  }

  async submitVaultWhere(): Promise<void> {
    if (await this.recovery.submitWhere()) this.step = 'vault_key';
  }

  async submitVaultKey(): Promise<void> {
    if (!(await this.recovery.submitKey())) return;
    await Promise.all([this.recovery.found.load(), this.#overview.load()]);
    this.step = 'found';
  }

  /** Goes on with the set-up in the vault that was opened. */
  goOn(): void {
    const vault = this.recovery.vault;
    if (vault === null) return;
    this.where.vault = vault;
    this.where.choice = vault.id;
    this.step = this.what === null ? 'connect' : 'kit';
  }

  enterWhen(): void {
    this.step = 'when';
    if (this.when.preferences.value === undefined) void this.when.preferences.load();
  }

  /** Makes the plan and starts its first backup. */
  async start(): Promise<void> {
    if (!this.when.complete) return;
    await this.starting.do(async () => {
      await this.when.save();
      const plan = this.#input();
      const made = this.#plan
        ? await this.#backend.updatePlan(this.#plan, plan)
        : await this.#backend.createPlan(plan);
      this.#plan = made.id;
      this.run = await this.#backend.startBackup(made.id, false);
      this.step = 'first';
      await this.#overview.load();
    });
  }

  #input(): PlanInput {
    const { account } = this.connect;
    const { vault } = this.where;
    const schedule = this.when.schedule.value;
    const retention = this.when.retention.value;
    if (
      account === null ||
      vault === null ||
      this.what === null ||
      schedule === null ||
      retention === null
    ) {
      throw new Error('the steps before are not finished');
    }
    return {
      name: '',
      account: account.id,
      vault: vault.id,
      ...this.what.patterns,
      kinds: null,
      schedule,
      retention,
      retention_open: false,
    };
  }
}
