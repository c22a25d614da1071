// The projects of one snapshot, from its run's ledger or, where another
// computer made it, from the projects known here.
import type { Item, LedgerLineView, ProjectRow } from '../backend/bindings.ts';
import { filterOf } from './ledger.ts';

export type Held = {
  item: Item;
  path: string;
  /** Kinds saved and missing; none where no ledger is known. */
  kinds: { saved: number; missing: number } | null;
};

export function projectsOfLedger(lines: readonly LedgerLineView[]): Held[] {
  const held = new Map<number, Held & { kinds: { saved: number; missing: number } }>();
  for (const line of lines) {
    if (line.item.sort !== 'project') continue;
    const found = held.get(line.item.id) ?? {
      item: line.item,
      path: line.path,
      kinds: { saved: 0, missing: 0 },
    };
    held.set(line.item.id, found);
    const filter = filterOf(line);
    if (filter !== 'nothing') found.kinds[filter] += 1;
  }
  return [...held.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function projectsOfRows(rows: readonly ProjectRow[]): Held[] {
  return rows
    .filter(({ item }) => item.sort === 'project')
    .map(({ item, path }) => ({ item, path, kinds: null }));
}
