// The When step: how often, how long copies are kept, and whether Labkeep
// starts with the computer.
import type { Backend } from '../../backend/backend.ts';
import type { PreferencesView, RetentionPreset } from '../../backend/bindings.ts';
import { Loadable } from '../loadable.svelte.ts';
import { RetentionForm } from '../retention-form.svelte.ts';
import { ScheduleForm } from '../schedule-form.svelte.ts';

export class When {
  readonly schedule = new ScheduleForm();
  readonly retention: RetentionForm;
  readonly preferences: Loadable<PreferencesView>;
  /** What was switched; none while it stays as it is. */
  #startAtLogin = $state<boolean | null>(null);
  #backend: Backend;

  constructor(backend: Backend, presets: readonly RetentionPreset[]) {
    this.#backend = backend;
    this.retention = new RetentionForm(presets);
    this.preferences = new Loadable(() => backend.getPreferences());
  }

  get startAtLogin(): boolean {
    return this.#startAtLogin ?? this.preferences.value?.start_at_login ?? true;
  }

  set startAtLogin(on: boolean) {
    this.#startAtLogin = on;
  }

  /** Whether a plan can be made of it. */
  get complete(): boolean {
    return this.schedule.value !== null && this.retention.value !== null;
  }

  /** Keeps what was said about the start with the computer. */
  async save(): Promise<void> {
    if (this.#startAtLogin === null) return;
    const now = await this.#backend.getPreferences();
    if (now.start_at_login === this.#startAtLogin) return;
    await this.#backend.setPreferences({ ...now, start_at_login: this.#startAtLogin });
  }
}
