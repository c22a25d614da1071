// Whether cancelling a run wants a second word first.
import type { RunKind } from '../backend/bindings.ts';

const LONG_MS = 2 * 60_000;

/**
 * A restore has already created things at GitLab; a backup that has worked for
 * minutes throws that work away. The rest can simply be started again.
 */
export function wantsConfirmation(kind: RunKind, elapsedMs: number): boolean {
  if (kind === 'restore' || kind === 'prune') return true;
  return kind === 'backup' && elapsedMs >= LONG_MS;
}
