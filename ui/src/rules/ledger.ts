// Filters of a run's ledger.
import type { LedgerLineView, LedgerState } from '../backend/bindings.ts';
import { matches } from './tree.ts';

export type LedgerFilter = 'missing' | 'saved' | 'nothing' | 'all';

/** States that mean something is there and was not saved. */
const MISSING: ReadonlySet<LedgerState> = new Set(['no_right', 'not_offered', 'failed']);
const SAVED: ReadonlySet<LedgerState> = new Set(['saved', 'unchanged']);

export function filterOf(line: LedgerLineView): Exclude<LedgerFilter, 'all'> {
  if (MISSING.has(line.state)) return 'missing';
  return SAVED.has(line.state) ? 'saved' : 'nothing';
}

export function filtered(
  lines: readonly LedgerLineView[],
  filter: LedgerFilter,
  typed: string,
): LedgerLineView[] {
  return lines.filter(
    (line) => (filter === 'all' || filterOf(line) === filter) && matches(line.path, typed),
  );
}

export function countsOf(lines: readonly LedgerLineView[]): Record<LedgerFilter, number> {
  const counts = { missing: 0, saved: 0, nothing: 0, all: lines.length };
  for (const line of lines) counts[filterOf(line)] += 1;
  return counts;
}
