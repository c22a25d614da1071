// Filters and sums of the project list.
import type { ProjectFilter, ProjectRow } from '../backend/bindings.ts';

export function fitsFilter(row: ProjectRow, filter: ProjectFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'unprotected':
      return (
        row.gone_since === null && hasKinds(row) && (!row.protected || row.last_saved_at === null)
      );
    case 'stale':
      return row.cells.some(({ stale_since }) => stale_since !== null);
    case 'partial':
      return row.cells.some(
        ({ state }) => state === 'no_right' || state === 'not_offered' || state === 'failed',
      );
    case 'gone':
      return row.gone_since !== null;
  }
}

/** A group that is only a place in the tree is nothing to be saved. */
function hasKinds(row: ProjectRow): boolean {
  return row.item.sort === 'project' || row.cells.length > 0;
}

/** Bytes by path: a project's own, a group's with everything below it. */
export function sizesOf(rows: readonly ProjectRow[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { path, bytes } of rows) {
    if (bytes === null) continue;
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const part = path.slice(0, end);
      sizes.set(part, (sizes.get(part) ?? 0) + bytes);
    }
  }
  return sizes;
}
