// Where long lists were left, so that going back finds them as they were.

export type Place = {
  /** Pixels scrolled. */
  top: number;
  /** Row that Tab enters. */
  active: number;
};

export class Places {
  #known = new Map<string, Place>();

  of(list: string): Place {
    const known = this.#known.get(list) ?? { top: 0, active: 0 };
    this.#known.set(list, known);
    return known;
  }
}
