// A run's page and an item's versions, made from the company and the history.
import type {
  Item,
  LedgerLineView,
  LogLineView,
  ProjectRow,
  ReportLine,
  RunDetail,
  RunView,
  SnapshotView,
  VersionView,
} from '../bindings.ts';

const COUNTS: Record<string, string> = {
  repository: 'refs',
  issues: 'issues',
};

export function sameItem(a: Item, b: Item): boolean {
  return a.sort === b.sort && a.id === b.id;
}

/** The ledger lines of one item as they stand in its row. */
export function ledgerOf(row: ProjectRow): LedgerLineView[] {
  return row.cells.map((cell, index) => {
    const kept = cell.state === 'saved' || cell.state === 'unchanged' || cell.stale_since !== null;
    return {
      item: row.item,
      path: row.path,
      kind: cell.kind,
      state: cell.state,
      stale_since: cell.stale_since,
      count: kept ? 3 + ((row.item.id * (index + 3)) % (cell.kind in COUNTS ? 1200 : 90)) : null,
      bytes: kept ? Math.round((row.bytes ?? 4096) / (index === 0 ? 1.3 : 40 + index * 11)) : null,
      reason: cell.reason,
      remedy:
        cell.state === 'no_right'
          ? 'Ask an Owner of the project for the role Reporter.'
          : cell.state === 'failed'
            ? 'Labkeep tries again with the next backup.'
            : null,
    };
  });
}

/** Every snapshot of the last month holds the item, unless it came later. */
export function versionsOf(row: ProjectRow, snapshots: readonly SnapshotView[]): VersionView[] {
  const usable = snapshots.filter((snapshot) => {
    if (row.gone_since !== null) return snapshot.at <= row.gone_since;
    return true;
  });
  return usable.slice(0, 24).map((snapshot, index) => ({
    snapshot,
    path: row.path === 'acme/platform/web' && index > 9 ? 'acme/frontend' : row.path,
    ledger: ledgerOf(row).map((line) => (index > 0 ? { ...line, ...healed(line) } : line)),
  }));
}

function healed(line: LedgerLineView): Partial<LedgerLineView> {
  if (line.state !== 'failed') return {};
  return {
    state: 'saved',
    stale_since: null,
    reason: null,
    remedy: null,
    count: 12,
    bytes: 48_200,
  };
}

export function detailOf(run: RunView, rows: readonly ProjectRow[]): RunDetail {
  const elsewhere = run.elsewhere != null;
  const ledger =
    run.kind === 'backup' && run.snapshot !== null ? rows.flatMap((row) => ledgerOf(row)) : [];
  return {
    run,
    ledger,
    // As the engine: the vault does not hold the logs of runs.
    log: elsewhere ? [] : log(run),
    command_line: commandLine(run),
    report: report(run),
  };
}

function commandLine(run: RunView): string {
  switch (run.kind) {
    case 'backup':
      return `labkeep-cli backup ${run.subject}`;
    case 'restore':
      return `labkeep-cli restore latest ${run.subject}`;
    case 'export':
      return `labkeep-cli export latest ${run.subject} ./export`;
    case 'drill':
      return 'labkeep-cli drill';
    case 'verify':
      return `labkeep-cli vault check ${run.subject} --read-data 10%`;
    case 'prune':
      return `labkeep-cli vault prune ${run.subject}`;
    case 'copy':
      return `labkeep-cli vault copy ${run.subject}`;
  }
}

function log(run: RunView): LogLineView[] {
  const end = run.ended_at ?? run.started_at + 20_000;
  const at = (share: number): number => Math.round(run.started_at + (end - run.started_at) * share);
  const lines: LogLineView[] = [
    { at: at(0), level: 'info', message: `Started: ${commandLine(run)}` },
    { at: at(0.02), level: 'info', message: 'Signed in to gitlab.com as @mira, GitLab 18.6.2-ee' },
  ];
  if (run.kind === 'backup' && run.items.total > 0) {
    lines.push(
      { at: at(0.1), level: 'info', message: `Found ${run.items.total} items` },
      {
        at: at(0.4),
        level: 'info',
        message: 'GitLab asks for a pause of 8 s (2,000 requests a minute); waiting',
      },
    );
  }
  if (run.outcome === 'partial') {
    lines.push({
      at: at(0.7),
      level: 'warn',
      message: 'acme/ops/charts, wiki: 500 Internal Server Error, try 4 of 4; earlier version kept',
    });
  }
  if (run.outcome === 'failed' || run.outcome === 'aborted') {
    lines.push({ at: at(1), level: 'error', message: run.reason ?? 'Ended' });
  } else {
    lines.push(
      { at: at(0.96), level: 'info', message: 'Snapshot saved and read back; ledger agrees' },
      { at: at(1), level: 'info', message: `Ended: ${run.outcome ?? 'running'}` },
    );
  }
  return lines;
}

function report(run: RunView): ReportLine[] {
  if (run.outcome === null) return [];
  if (run.kind === 'drill') {
    return [
      {
        mark: 'good',
        text: '38 repositories rebuilt; every ref has the expected commit',
        url: null,
      },
      { mark: 'good', text: '9,412 issues and 6,020 merge requests read and counted', url: null },
    ];
  }
  if (run.kind === 'restore') {
    return [
      { mark: 'good', text: `Created ${run.subject}-restored`, url: run.result_url },
      {
        mark: 'good',
        text: 'Repository: 214 branches and 61 tags, all as in the snapshot',
        url: null,
      },
      {
        mark: 'good',
        text: '1,204 issues and 873 merge requests with their numbers',
        url: run.result_url === null ? null : `${run.result_url}/-/issues`,
      },
      {
        mark: 'changed',
        text: 'Authors became you, with the original name in each text',
        url: null,
      },
    ];
  }
  if (run.kind === 'export') {
    return [{ mark: 'good', text: 'Written to /home/mira/Documents/labkeep-export', url: null }];
  }
  if (run.kind === 'verify') {
    return [{ mark: 'good', text: '43 snapshots and 1,962 packs are whole', url: null }];
  }
  return [];
}
