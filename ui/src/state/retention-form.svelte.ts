// How long copies are kept, while it is being chosen: a name, or own numbers.
import type { Retention, RetentionPreset } from '../backend/bindings.ts';
import {
  NOTHING,
  NUMBERS,
  OWN,
  keepsNothing,
  numbersOf,
  presetOf,
  type RetentionNumber,
} from '../rules/retention.ts';

const STANDARD = 'standard';

export class RetentionForm {
  readonly presets: readonly RetentionPreset[];
  /** Own numbers; none where what is typed is no number. */
  readonly own: Record<RetentionNumber, number | null>;
  #choice = $state(OWN);

  /** Without a retention the standard one is chosen. */
  constructor(presets: readonly RetentionPreset[], retention?: Retention) {
    this.presets = presets;
    const standard = presets.find(({ name }) => name === STANDARD) ?? presets[0];
    const now = numbersOf(retention ?? standard?.retention ?? NOTHING);
    this.own = $state({ ...now });
    this.#choice = presetOf(now, presets);
  }

  get choice(): string {
    return this.#choice;
  }

  /** Own numbers begin with those of the name that was chosen before. */
  set choice(choice: string) {
    const before = this.#preset;
    if (choice === OWN && before !== undefined)
      Object.assign(this.own, numbersOf(before.retention));
    this.#choice = choice;
  }

  get #preset(): RetentionPreset | undefined {
    return this.presets.find(({ name }) => name === this.#choice);
  }

  /** None while a number is wrong or nothing would be kept. */
  get value(): Retention | null {
    if (this.#preset !== undefined) return this.#preset.retention;
    const retention = { ...NOTHING };
    for (const number of NUMBERS) {
      const own = this.own[number];
      if (own === null) return null;
      retention[number] = own;
    }
    return keepsNothing(retention) ? null : retention;
  }

  /** Whether every number is right and all of them are zero. */
  get nothing(): boolean {
    return this.#choice === OWN && NUMBERS.every((number) => this.own[number] === 0);
  }
}
