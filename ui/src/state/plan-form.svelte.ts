// A plan being changed: its name, what it protects, when, and for how long.
import type { Backend } from '../backend/backend.ts';
import type { PlanView, PrunePlanView, RetentionPreset } from '../backend/bindings.ts';
import { sameRetention } from '../rules/retention.ts';
import { t } from '../texts/index.ts';
import { Action } from './loadable.svelte.ts';
import { RetentionForm } from './retention-form.svelte.ts';
import { ScheduleForm } from './schedule-form.svelte.ts';
import { What } from './setup/what.svelte.ts';

export class PlanForm {
  name = $state('');
  readonly what: What;
  readonly schedule: ScheduleForm;
  readonly retention: RetentionForm;
  readonly action = new Action();
  /** Whether the retention was shown: what is saved then was chosen. */
  sawRetention = $state(false);
  #plan: PlanView;
  #backend: Backend;

  constructor(backend: Backend, plan: PlanView, presets: readonly RetentionPreset[]) {
    this.#backend = backend;
    this.#plan = plan;
    this.name = plan.name;
    this.what = new What(backend, plan.account);
    this.schedule = new ScheduleForm(plan.schedule);
    this.retention = new RetentionForm(presets, plan.retention);
  }

  /** Lists what the token sees and shows in it what the plan covers. */
  async load(): Promise<void> {
    await this.what.items.load();
    if (this.what.items.value !== undefined) this.what.read(this.#plan);
  }

  /** Why it cannot be saved; none if it can. */
  get because(): string | null {
    if (this.schedule.value === null) return t.settings.plans.badSchedule;
    if (this.retention.value === null) return t.settings.plans.badRetention;
    return this.what.items.value !== undefined && this.what.nothing ? t.setup.what.nothing : null;
  }

  /** Whether the retention is another one than the plan has. */
  get retentionChanged(): boolean {
    const now = this.retention.value;
    return now === null || !sameRetention(now, this.#plan.retention);
  }

  /** What would be removed by the retention as it is chosen. */
  async preview(): Promise<PrunePlanView> {
    const retention = this.retention.value ?? this.#plan.retention;
    return this.retentionChanged || this.#plan.retention_open
      ? this.#backend.previewRetention(this.#plan.id, retention)
      : this.#backend.planPrune(this.#plan.vault);
  }

  /** Keeps it; gives whether that was done. */
  async save(): Promise<boolean> {
    const schedule = this.schedule.value;
    const retention = this.retention.value;
    if (this.because !== null || schedule === null || retention === null) return false;
    const { id, account, vault, include, exclude, kinds, name } = this.#plan;
    // What the token sees may not be known; then what is covered stays.
    const patterns =
      this.what.items.value === undefined ? { include, exclude } : this.what.patterns;
    return this.action.do(async () => {
      await this.#backend.updatePlan(id, {
        name: this.name.trim() || name,
        account,
        vault,
        kinds,
        ...patterns,
        schedule,
        retention,
        retention_open: this.#plan.retention_open && !this.sawRetention,
      });
    });
  }
}
