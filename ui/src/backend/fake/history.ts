// Runs and snapshots of the last six weeks: a backup a day with the things
// that happen to backups, a drill a week, a restore, a check.
import type { DayView, Outcome, RunKind, RunView, SnapshotView } from '../bindings.ts';
import { Random } from './random.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MEBIBYTE = 1024 * 1024;

export type History = { runs: RunView[]; snapshots: SnapshotView[] };

type Scale = { projects: number; groups: number; plan: string; vault: string };

type Happening = {
  outcome?: Outcome;
  reason?: string;
  remedy?: string;
  stale?: number;
  failed?: number;
  bytes?: number;
  took?: number;
  missing?: number;
};

/** What went differently, by days ago. */
const HAPPENED: Record<number, Happening> = {
  3: {
    outcome: 'partial',
    reason:
      'Two kinds of acme/ops/charts could not be read; its wiki was kept from the day before.',
    remedy: 'Labkeep tries again with the next backup.',
    stale: 1,
    failed: 0,
    bytes: 212,
    took: 100,
    missing: 4,
  },
  5: {
    outcome: 'aborted',
    reason: 'The computer went to sleep.',
    bytes: 3,
    took: 22,
  },
  12: {
    outcome: 'partial',
    reason: 'GitLab was in maintenance for part of the run; 9 items were kept from the day before.',
    remedy: 'Nothing to do: the next backup read them.',
    stale: 9,
    bytes: 402,
    took: 340,
    missing: 31,
  },
  30: {
    outcome: 'failed',
    reason: 'The vault’s folder could not be reached: /media/mira/backup is not mounted.',
    remedy: 'Plug the disk in, then back up again.',
    bytes: 0,
    took: 4,
  },
};

/** Days without any backup. */
const SKIPPED = new Set([4, 23, 24]);

export function history(scale: Scale, now: number): History {
  const random = new Random(41);
  const runs: RunView[] = [];
  const snapshots: SnapshotView[] = [];
  for (let ago = 44; ago >= 0; ago -= 1) {
    if (SKIPPED.has(ago)) continue;
    const at = now - ago * DAY - 2 * HOUR - random.between(0, 90) * 1000;
    const happened: Happening = HAPPENED[ago] ?? {};
    backup(scale, runs, snapshots, ago, at, happened, random);
    if (ago % 7 === 1) runs.push(drill(ago, at + 11 * 60_000, snapshots.at(-1)));
    if (ago === 5) runs.push(restore(at + 3.5 * HOUR, snapshots.at(-1)));
    if (ago === 9) runs.push(other('verify', 'Backups', at + HOUR, 19 * 60_000, 'v'));
  }
  prove(snapshots, runs);
  return { runs: runs.reverse(), snapshots: snapshots.reverse() };
}

function backup(
  scale: Scale,
  runs: RunView[],
  snapshots: SnapshotView[],
  ago: number,
  at: number,
  happened: Happening,
  random: Random,
): void {
  const outcome = happened.outcome ?? 'complete';
  const took = (happened.took ?? random.between(58, 96)) * 1000;
  const first = ago === 44;
  const bytes = (happened.bytes ?? (first ? 17_900 : random.between(6, 70))) * MEBIBYTE;
  const total = scale.projects + scale.groups;
  const makes = outcome === 'complete' || outcome === 'partial';
  const snapshot = makes ? random.hex(64) : null;
  const captured = first ? total : random.between(12, 40);
  const id = `run-${String(1000 - ago)}`;
  runs.push({
    id,
    kind: 'backup',
    subject: scale.plan,
    plan: 'plan-1',
    state: 'ended',
    outcome,
    reason: happened.reason ?? null,
    remedy: happened.remedy ?? null,
    started_at: at,
    ended_at: at + took,
    snapshot,
    items: {
      total: outcome === 'failed' ? 0 : total,
      captured: makes ? captured : 0,
      unchanged: makes ? total - captured - (happened.stale ?? 0) : 0,
      stale: happened.stale ?? 0,
      failed: happened.failed ?? 0,
    },
    bytes: { received: Math.round(bytes * 2.3), stored: bytes },
    requests: {
      api: outcome === 'failed' ? 0 : 428 + captured * 14,
      git: makes ? captured : 0,
      registry: 0,
      lfs: 0,
    },
    missing: happened.missing ?? (makes ? 2 : 0),
    resumable: outcome === 'aborted',
    result_url: null,
  });
  if (snapshot === null) return;
  snapshots.push({
    id: snapshot,
    vault: scale.vault,
    plan: scale.plan,
    at,
    outcome,
    groups: scale.groups,
    projects: scale.projects - Math.floor(ago / 6),
    new_bytes: bytes,
    total_bytes: Math.round((61.2 - ago * 0.11) * 1024 * MEBIBYTE),
    proven_at: null,
    run: ago > 40 ? null : id,
    stale: happened.stale ?? 0,
    pinned: ago === 31,
    damaged: false,
  });
}

function other(kind: RunKind, subject: string, at: number, took: number, mark: string): RunView {
  return {
    id: `run-${mark}-${Math.round(at / 1000)}`,
    kind,
    subject,
    plan: null,
    state: 'ended',
    outcome: 'complete',
    reason: null,
    remedy: null,
    started_at: at,
    ended_at: at + took,
    snapshot: null,
    items: { total: 0, captured: 0, unchanged: 0, stale: 0, failed: 0 },
    bytes: { received: 0, stored: 0 },
    requests: { api: 0, git: 0, registry: 0, lfs: 0 },
    missing: 0,
    resumable: false,
    result_url: null,
  };
}

function drill(ago: number, at: number, snapshot: SnapshotView | undefined): RunView {
  const run = other('drill', '38 items', at, 362_000, `d${ago}`);
  run.snapshot = snapshot?.id ?? null;
  run.items = { total: 38, captured: 38, unchanged: 0, stale: 0, failed: 0 };
  return run;
}

function restore(at: number, snapshot: SnapshotView | undefined): RunView {
  const run = other('restore', 'acme/design/tokens', at, 131_000, 'r');
  run.snapshot = snapshot?.id ?? null;
  run.items = { total: 1, captured: 1, unchanged: 0, stale: 0, failed: 0 };
  run.requests = { api: 312, git: 2, registry: 0, lfs: 0 };
  run.result_url = 'https://gitlab.com/acme/design/tokens-restored';
  return run;
}

function prove(snapshots: SnapshotView[], runs: RunView[]): void {
  for (const run of runs) {
    if (run.kind !== 'drill' || run.snapshot === null) continue;
    const proven = snapshots.find((snapshot) => snapshot.id === run.snapshot);
    if (proven) proven.proven_at = run.ended_at;
  }
}

const WORST: readonly Outcome[] = ['complete', 'partial', 'aborted', 'failed'];

/** The strip of the last 30 days. */
export function days(runs: readonly RunView[], now: number): DayView[] {
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  const strip: DayView[] = [];
  for (let ago = 29; ago >= 0; ago -= 1) {
    const start = new Date(midnight);
    start.setDate(start.getDate() - ago);
    const end = new Date(start);
    end.setDate(end.getDate() + 1);
    const backups = runs.filter(
      (run) =>
        run.kind === 'backup' &&
        run.state === 'ended' &&
        run.started_at >= start.getTime() &&
        run.started_at < end.getTime(),
    );
    strip.push({
      at: start.getTime(),
      outcome: backups.reduce<Outcome | null>((worst, { outcome }) => {
        if (outcome === null) return worst;
        return worst === null || WORST.indexOf(outcome) > WORST.indexOf(worst) ? outcome : worst;
      }, null),
      new_bytes: backups.reduce((sum, run) => sum + run.bytes.stored, 0),
      backups: backups.length,
    });
  }
  return strip;
}
