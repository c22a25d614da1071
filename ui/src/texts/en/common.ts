import type {
  Kind,
  LedgerState,
  Outcome,
  Phase,
  RunKind,
  RunState,
  Sort,
  TokenPurpose,
} from '../../backend/bindings.ts';
import { counted, format } from './words.ts';

export const kinds: Record<Kind, string> = {
  repository: 'Repository',
  wiki: 'Wiki',
  issues: 'Issues',
  merge_requests: 'Merge requests',
  labels: 'Labels',
  milestones: 'Milestones',
  members: 'Members',
  settings: 'Settings',
};

export const kindsInSentence: Record<Kind, string> = {
  repository: 'repository',
  wiki: 'wiki',
  issues: 'issues',
  merge_requests: 'merge requests',
  labels: 'labels',
  milestones: 'milestones',
  members: 'members',
  settings: 'settings',
};

export const sorts: Record<Sort, string> = { group: 'Group', project: 'Project' };

export const outcomes: Record<Outcome, string> = {
  complete: 'Complete',
  partial: 'Partial',
  aborted: 'Aborted',
  failed: 'Failed',
};

export const runStates: Record<RunState, string> = {
  queued: 'Queued',
  running: 'Running',
  stopping: 'Stopping',
  ended: 'Ended',
};

export const runKinds: Record<RunKind, string> = {
  backup: 'Backup',
  restore: 'Restore',
  export: 'Export',
  drill: 'Drill',
  verify: 'Check',
  prune: 'Prune',
  copy: 'Copy',
};

export const phases: Record<Phase, string> = {
  waiting: 'Waiting for its turn',
  discovering: 'Listing groups and projects',
  capturing: 'Reading from GitLab',
  sealing: 'Saving the snapshot and reading it back',
  reading: 'Reading from the vault',
  building: 'Putting files together',
  uploading: 'Sending to GitLab',
  importing: 'GitLab is working on it',
  completing: 'Adding what the archive cannot carry',
  comparing: 'Comparing with the snapshot',
  checking: 'Checking the vault',
};

export const ledgerStates: Record<LedgerState, string> = {
  saved: 'Saved',
  unchanged: 'Unchanged',
  empty: 'Empty',
  feature_off: 'Off at GitLab',
  no_right: 'No right',
  not_offered: 'Not offered',
  failed: 'Failed',
};

/** A version from an earlier backup was kept because reading failed. */
export const stale = 'Stale';

export const purposes: Record<TokenPurpose, { title: string; detail: string }> = {
  back_up_code: {
    title: 'Back up code',
    detail: 'Repositories and wikis, and the list of your projects.',
  },
  back_up_everything: {
    title: 'Back up everything',
    detail: 'Code, issues, merge requests and all else that Labkeep saves. Cannot change anything.',
  },
  back_up_and_restore: {
    title: 'Back up and restore',
    detail: 'Also lets Labkeep put projects back without asking for another token.',
  },
  restore: { title: 'Restore', detail: 'For one restore only.' },
};

export const common = {
  appName: 'Labkeep',
  back: 'Back',
  cancel: 'Cancel',
  close: 'Close',
  continue: 'Continue',
  change: 'Change',
  choose: 'Choose',
  save: 'Save',
  done: 'Done',
  tryAgain: 'Try again',
  checkAgain: 'Check again',
  restore: 'Restore',
  export: 'Export',
  drill: 'Drill',
  loading: 'Loading',
  openAtGitlab: 'Open at GitLab',
  opensInBrowser: 'opens in the browser',
  search: 'Search',
  clear: 'Clear the search',
  showTyped: 'Show what is typed',
  copied: 'Copied',
  never: 'never',
  more: 'More',
  unexpected: 'Something went wrong inside Labkeep.',
  loadFailed: 'This could not be loaded',
  projects: (count: number): string => counted(count, 'project', 'projects'),
  groups: (count: number): string => counted(count, 'group', 'groups'),
  items: (count: number): string => counted(count, 'item', 'items'),
  days: (count: number): string => counted(count, 'day', 'days'),
  between: (least: number, most: number): string =>
    `A number from ${format.number(least)} to ${format.number(most)}.`,
  ofTotal: (done: number, total: number): string =>
    `${format.number(done)} of ${format.number(total)}`,
  bytesOfTotal: (done: number, total: number): string => {
    const whole = format.bytes(total);
    const unit = whole.slice(whole.lastIndexOf(' '));
    const part = format.bytes(done);
    return part.endsWith(unit)
      ? `${part.slice(0, -unit.length)} of ${whole}`
      : `${part} of ${whole}`;
  },
};
