// The set-up as a whole. Every step keeps what was entered while the user goes
// back and forth; nothing is made before its step is left.
import type { Backend } from '../../backend/backend.ts';
import type { Overview, PlanInput } from '../../backend/bindings.ts';
import { Action, Loadable } from '../loadable.svelte.ts';
import { Connect } from './connect.svelte.ts';
import { What } from './what.svelte.ts';
import { When } from './when.svelte.ts';
import { Where } from './where.svelte.ts';

export type Step = 'connect' | 'permissions' | 'what' | 'where' | 'kit' | 'when' | 'first';

/** The steps that the path shows; the kit belongs to Where. */
export const PATH = ['connect', 'permissions', 'what', 'where', 'when'] as const;
export type PathStep = (typeof PATH)[number];

export class Setup {
  step = $state<Step>('connect');
  readonly connect: Connect;
  readonly where: Where;
  readonly when: When;
  what = $state.raw<What | null>(null);
  run = $state<string | null>(null);
  readonly checking = new Action();
  readonly starting = new Action();
  /** No set-up was finished before. */
  readonly first: boolean;
  #backend: Backend;
  #overview: Loadable<Overview>;
  #plan: string | null = null;

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
  }

  /** Where on the path; past its end once the first backup was started. */
  get pathStep(): number {
    if (this.step === 'first') return PATH.length;
    return PATH.indexOf(this.step === 'kit' ? 'where' : this.step);
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
    };
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
    if (!(await this.where.submit(this.#overview.value?.vaults ?? []))) return;
    this.step = 'kit';
    await this.#overview.load();
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
    };
  }
}
