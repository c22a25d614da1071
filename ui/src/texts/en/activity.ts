import type { RunKind } from '../../backend/bindings.ts';
import type { LedgerFilter } from '../../rules/ledger.ts';
import { counted, format } from './words.ts';

const running: Record<RunKind, (subject: string) => string> = {
  backup: (subject) => `Backing up “${subject}”`,
  restore: (subject) => `Restoring ${subject}`,
  export: (subject) => `Exporting ${subject}`,
  drill: (subject) => `Drill of ${subject}`,
  verify: (subject) => `Checking ${subject}`,
  prune: (subject) => `Removing old snapshots of ${subject}`,
  copy: (subject) => `Copying ${subject}`,
};

const past: Record<RunKind, (subject: string) => string> = {
  backup: (subject) => `Backup of “${subject}”`,
  restore: (subject) => `Restore of ${subject}`,
  export: (subject) => `Export of ${subject}`,
  drill: (subject) => `Drill of ${subject}`,
  verify: (subject) => `Check of ${subject}`,
  prune: (subject) => `Removal of old snapshots, ${subject}`,
  copy: (subject) => `Second copy of ${subject}`,
};

const ledgerFilters: Record<LedgerFilter, string> = {
  missing: 'Not saved',
  saved: 'Saved',
  nothing: 'Empty or off',
  all: 'All',
};

export const activity = {
  title: 'Activity',
  running,
  past,
  started: (time: string): string => `Started ${time}`,
  queued: 'Waits until the run before it has ended.',
  itemsDone: (done: number, total: number): string =>
    `${format.number(done)} of ${counted(total, 'item', 'items')}`,
  received: (bytes: number): string => `${format.bytes(bytes)} received`,
  stored: (bytes: number): string => `${format.bytes(bytes)} new`,
  read: (bytes: number): string => `${format.bytes(bytes)} read`,
  left: (milliseconds: number): string => {
    const minutes = Math.round(milliseconds / 60_000);
    if (milliseconds < 45_000) return 'Less than a minute left';
    if (minutes < 90) return `About ${counted(Math.max(1, minutes), 'minute', 'minutes')} left`;
    return `About ${counted(Math.round(minutes / 60), 'hour', 'hours')} left`;
  },
  waiting: (milliseconds: number, reason: string): string =>
    `Waiting ${format.duration(Math.max(1000, milliseconds))}: ${reason}`,
  stopping: 'Stopping…',
  stoppingWhy: 'It is finishing what it has in hand.',
  progress: 'Progress',
  active: 'Being worked on',
  announce: (what: string, share: string): string => `${what}: ${share}`,
  announceEnded: (what: string, outcome: string): string => `${what}: ${outcome}`,
  cancel: 'Cancel',
  cancelTitle: (what: string): string => `Cancel ${what}?`,
  cancelRestore:
    'What was already created at GitLab stays there. The restore can be resumed later and creates nothing twice.',
  cancelBackup: 'No snapshot is saved from this run. The snapshots that exist are not touched.',
  cancelPrune: 'Snapshots that were already removed stay removed. The rest stays.',
  cancelConfirm: 'Cancel the run',
  keepGoing: 'Keep going',
  earlier: 'Earlier',
  history: 'Earlier runs',
  run: 'Run',
  outcome: 'Outcome',
  when: 'When',
  took: 'Took',
  newData: 'New data',
  partialDetail: (count: number, total: number): string =>
    `${format.number(count)} of ${format.number(total)}`,
  empty: 'Nothing ran yet',
  emptyDetail: 'Backups, restores, drills and checks stand here with what became of them.',
  backUp: 'Back up now',

  page: {
    up: 'Activity',
    ledger: 'Ledger',
    report: 'Report',
    log: 'Log',
    view: 'What to show',
    started: 'Started',
    took: 'Took',
    items: 'Items',
    itemsDetail: (captured: number, unchanged: number): string =>
      `${format.number(captured)} read, ${format.number(unchanged)} unchanged`,
    itemsStale: (count: number): string => `${format.number(count)} kept from before`,
    itemsFailed: (count: number): string => `${format.number(count)} failed`,
    data: 'Data',
    dataDetail: (received: string): string => `${received} received`,
    dataNew: (stored: string): string => `${stored} new`,
    requests: 'Requests',
    requestsDetail: (api: number, git: number): string =>
      `${format.number(api)} to the API, ${format.number(git)} for git`,
    snapshot: 'Snapshot',
    showSnapshot: 'Show the snapshot',
    resume: 'Resume',
    resumed: 'The run goes on.',
    resumeTitle: (subject: string): string => `Resume the restore of ${subject}`,
    resumeLead: 'The token of a restore is not kept. Enter one that may write to go on.',
    copyCommand: 'Copy as command line',
    commandTip: 'The same for a terminal, where labkeep-cli shares these settings.',
    openResult: 'Open it at GitLab',
    ledgerFilter: 'Lines to show',
    ledgerFilters,
    searchLedger: 'Search by path',
    path: 'Path',
    kind: 'Kind',
    state: 'State',
    why: 'Why, and what helps',
    count: 'Count',
    size: 'Size',
    kept: (when: string): string => `kept from ${when}`,
    nothingMissing: 'Nothing is missing',
    nothingMissingDetail: 'All that Labkeep saves and this token may read was saved.',
    noLines: 'No line fits',
    noLinesDetail: 'Choose other lines, or search for something else.',
    noLedger: 'No ledger',
    noLedgerDetail: 'The run ended before anything was read.',
    noLedgerElsewhere:
      'Another computer made this run. A project’s page shows what its snapshot holds of it.',
    noLedgerRunning: 'The ledger is written when the run ends.',
    noReport: 'No report yet',
    noReportDetail: 'It is written when the run ends.',
    emptyReport: 'Nothing to report',
    emptyReportDetail: 'The run ended before it made anything.',
    again: 'Back up again',
    noLog: 'The log is empty.',
    noLogElsewhere: 'The log stayed on the computer that made the run.',
    elsewhere: (host: string): string => `Made on ${host}`,
    elsewhereTip: 'This computer knows of it from the vault.',
    levels: { info: 'Info', warn: 'Warning', error: 'Error' } as Record<string, string>,
  },
};
