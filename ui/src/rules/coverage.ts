// How a kind of an item is drawn in the coverage matrix.
import type { Cell, LedgerState } from '../backend/bindings.ts';

export type Face = 'saved' | 'nothing' | 'no_right' | 'stale' | 'failed';

export const FACES: readonly Face[] = ['saved', 'nothing', 'no_right', 'stale', 'failed'];

export function faceOf(state: LedgerState, staleSince: number | null): Face {
  switch (state) {
    case 'saved':
    case 'unchanged':
      return 'saved';
    case 'empty':
    case 'feature_off':
      return 'nothing';
    case 'no_right':
    case 'not_offered':
      return 'no_right';
    case 'failed':
      return staleSince === null ? 'failed' : 'stale';
  }
}

export function faceOfCell(cell: Cell): Face {
  return faceOf(cell.state, cell.stale_since);
}
