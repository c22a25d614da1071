// Which rows of a long list exist and where the keys lead.

const OVERSCAN = 6;
/** Rows drawn before the height of the list is known. */
const UNMEASURED = 24;

type Sight = {
  /** Pixels scrolled. */
  top: number;
  /** Pixels in sight; 0 before the first layout. */
  height: number;
  rowHeight: number;
  count: number;
  /** A row that stays even out of sight because it may hold the focus. */
  current: number | null;
};

/** Indexes of the rows to draw, ascending. */
export function windowOf({ top, height, rowHeight, count, current }: Sight): number[] {
  const inSight = height === 0 ? UNMEASURED : Math.ceil(height / rowHeight);
  // A list that became shorter is scrolled back before its scroll event comes.
  const start = Math.max(0, Math.min(Math.floor(top / rowHeight), count - inSight));
  const first = Math.max(0, start - OVERSCAN);
  const last = Math.min(count - 1, start + inSight + OVERSCAN);
  const rows: number[] = [];
  if (current !== null && current < first && current < count) rows.push(current);
  for (let index = first; index <= last; index += 1) rows.push(index);
  if (current !== null && current > last && current < count) rows.push(current);
  return rows;
}

export function keepInRange(index: number, count: number): number {
  return Math.min(Math.max(0, index), Math.max(0, count - 1));
}

/** The row that a key leads to; none if it is not a moving key. */
export function movedBy(key: string, index: number, count: number, page: number): number | null {
  switch (key) {
    case 'ArrowUp':
      return keepInRange(index - 1, count);
    case 'ArrowDown':
      return keepInRange(index + 1, count);
    case 'PageUp':
      return keepInRange(index - page, count);
    case 'PageDown':
      return keepInRange(index + page, count);
    case 'Home':
      return 0;
    case 'End':
      return keepInRange(count - 1, count);
    default:
      return null;
  }
}
