// Which project to rehearse next.
import type { ProjectRow } from '../backend/bindings.ts';

/**
 * The project whose rebuilding would prove most: one that was never rebuilt, an
 * important one before others, else the one that was proven longest ago.
 */
export function nextToProve(rows: readonly ProjectRow[]): ProjectRow | null {
  const saved = rows.filter(({ item, last_saved_at }) => {
    return item.sort === 'project' && last_saved_at !== null;
  });
  const rank = (row: ProjectRow): number =>
    (row.proven_at ?? 0) - (row.proven_at === null && row.important ? 1 : 0);
  return saved.reduce<ProjectRow | null>(
    (best, row) => (best === null || rank(row) < rank(best) ? row : best),
    null,
  );
}
