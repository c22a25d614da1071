// The numbers of the rules. The border calls them optional, as a settings file
// may lack some; the engine fills them in.
import type { Guard, PreferencesView, Proof } from '../backend/bindings.ts';

/** Nothing is promised where a number is not known. */
export function proofOf({ proof }: PreferencesView): Required<Proof> {
  return { check_every_days: 0, read_all_days: 0, drill_every_days: 0, drill_items: 0, ...proof };
}

export function guardOf({ guard }: PreferencesView): Required<Guard> {
  return { items_percent: 0, contents_percent: 0, at_least: 0, ...guard };
}
