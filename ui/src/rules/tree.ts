// Which nodes of a tree are drawn: parents before children, closed groups
// closed, and while something is looked for only what fits with its parents.

export type TreeRow<T> = { value: T; depth: number; open: boolean | null };

type Sight<T> = {
  /** All rows, parents before children. */
  rows: readonly T[];
  pathOf: (row: T) => string;
  depthOf: (row: T) => number;
  isGroup: (row: T) => boolean;
  /** Paths of closed groups. */
  closed: ReadonlySet<string>;
  /** Whether a row fits what is looked for; none while nothing is. */
  fits: ((row: T) => boolean) | null;
};

/**
 * The rows to draw. `open` is none for rows that cannot be opened. Groups that
 * only lead to a fitting row are drawn open.
 */
export function drawn<T>({ rows, pathOf, depthOf, isGroup, closed, fits }: Sight<T>): TreeRow<T>[] {
  const wanted = fits === null ? null : withParents(rows, pathOf, fits);
  const list: TreeRow<T>[] = [];
  let hiddenBelow: string | null = null;
  for (const value of rows) {
    const path = pathOf(value);
    if (wanted !== null && !wanted.has(path)) continue;
    if (hiddenBelow !== null && path.startsWith(hiddenBelow)) continue;
    hiddenBelow = null;
    const group = isGroup(value);
    const open = group ? wanted !== null || !closed.has(path) : null;
    if (open === false) hiddenBelow = `${path}/`;
    list.push({ value, depth: depthOf(value), open });
  }
  return list;
}

function withParents<T>(
  rows: readonly T[],
  pathOf: (row: T) => string,
  fits: (row: T) => boolean,
): Set<string> {
  const wanted = new Set<string>();
  for (const row of rows) {
    if (!fits(row)) continue;
    const path = pathOf(row);
    wanted.add(path);
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      wanted.add(path.slice(0, end));
    }
  }
  return wanted;
}

/** Whether every word of what was typed is somewhere in the path. */
export function matches(path: string, typed: string): boolean {
  const haystack = path.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}
