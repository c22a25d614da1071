import type { RunKind } from '../../backend/bindings.ts';
import type { Headline } from '../../rules/headline.ts';
import { counted, format, within } from './words.ts';

const headlines: Record<Headline, string> = {
  everything: 'All that Labkeep saves is protected',
  known_gaps: 'Protected, with known gaps',
  nothing_yet: 'Nothing is saved yet',
  last_failed: 'The last backup failed',
  last_aborted: 'The last backup did not finish',
  last_partial: 'Partly protected',
  no_token: 'Saved, but backups need a token',
  attention: 'Saved, but something needs you',
  running: 'A run is under way',
  paused: 'Backups are paused',
  not_set_up: 'Not set up yet',
};

const runningHeadlines: Record<RunKind, string> = {
  backup: 'A backup is running',
  restore: 'A restore is running',
  export: 'An export is running',
  drill: 'A drill is running',
  verify: 'The vault is being checked',
  prune: 'Old snapshots are being removed',
  copy: 'A second copy is being made',
};

export const home = {
  title: 'Home',
  setUp: 'Set up a backup',
  pausedUntil: (when: string): string => `Paused until ${within(when)}`,
  pausedBeside: (when: string): string => `Scheduled runs are paused until ${within(when)}.`,
  resume: 'Resume',
  resumed: 'Scheduled runs go on.',
  upcoming: 'Coming up',
  upcomingMore: (count: number): string => `and ${format.number(count)} more`,
  noDrill: 'There is no project to rebuild yet. Back up first.',
  backUpNow: 'Back up now',
  showProgress: 'Show progress',
  headlines,
  runningHeadlines,
  saved: (projects: number, groups: number): string =>
    groups === 0
      ? `Copies of ${counted(projects, 'project', 'projects')}.`
      : `Copies of ${counted(projects, 'project', 'projects')} in ${counted(groups, 'group', 'groups')}.`,
  nothingMissing: 'Nothing of it is missing that this token may read.',
  scope:
    'Saved are repositories, wikis, issues, merge requests, labels, milestones, members and settings. This version cannot save the rest of GitLab, such as releases, CI/CD variables, packages or container images.',
  firstCopies: 'The first copies are being made.',
  nothingSaved: 'Press “Back up now” to make the first copy.',
  gaps: 'Not in the copies',
  neverSaved: (count: number): string => `${counted(count, 'item was', 'items were')} never saved`,
  stale: (count: number): string =>
    `${counted(count, 'item is', 'items are')} kept from an earlier backup`,
  unreadable: (count: number): string =>
    `${counted(count, 'item has', 'items have')} something that this token may not read`,
  notCovered: (what: string): string =>
    `${what.charAt(0).toUpperCase()}${what.slice(1)}: this version of Labkeep cannot save them`,
  stripLegend: 'One bar a day: height is new data, colour is the outcome',
  today: 'Today',
  strip: (days: number, counts: string): string => `Backups of the last ${days} days: ${counts}.`,
  stripCount: {
    complete: (count: number): string => `${count} complete`,
    partial: (count: number): string => `${count} partial`,
    aborted: (count: number): string => `${count} aborted`,
    failed: (count: number): string => `${count} failed`,
    none: (count: number): string => `${count} without a backup`,
  },
  dayTip: (day: string, outcome: string | null, backups: number, bytes: number): string =>
    outcome === null
      ? `${day}\nNo backup`
      : `${day}\n${outcome}${backups > 1 ? `, ${backups} backups` : ''}\n${format.bytes(bytes)} new`,
  lastBackup: 'Last backup',
  lastBackupDetail: (took: number, bytes: number): string =>
    bytes === 0 ? format.duration(took) : `${format.duration(took)}, ${format.bytes(bytes)} new`,
  lastProof: 'Last proven restorable',
  lastProofDetail: (items: number): string =>
    `${counted(items, 'item', 'items')} rebuilt and checked`,
  noProof: 'Not yet',
  noProofDetail: 'Start a drill on a project’s page',
  neverProven: (count: number): string =>
    `${counted(count, 'project', 'projects')} never rehearsed`,
  nextBackup: 'Next backup',
  noToken: 'Not planned',
  noTokenDetail: 'A token is needed first',
  onDemand: 'When you ask',
  onDemandDetail: 'Press “Back up now”',
  stored: 'Stored',
  storedDetail: (bytes: string): string => `for ${bytes} of data`,
  never: 'Never',
  attention: 'Needs attention',
  goodToKnow: 'Good to know',
  numbers: 'Backups in numbers',
  remedies: {
    renew_token: 'Enter a token',
    show_permissions: 'Show permissions',
    show_projects: 'Show projects',
    save_recovery_kit: 'Save recovery kit',
    show_run: 'Show run',
    resume: 'Resume',
    back_up: 'Back up now',
    answer_loss: 'Look at it',
    drill: 'Start a drill',
    check_vault: 'Check the vault',
    give_up: 'Give it up…',
    end_pause: 'Resume',
    show_settings: 'Open settings',
  },
  severity: { info: 'For your information', warning: 'Warning', danger: 'Important' },
  giveUp: {
    title: 'Give up what is lost?',
    detail:
      'It is damaged in the vault and gone at GitLab, so it cannot be saved again. If you have it elsewhere, or the disk may be readable once more, keep it. Otherwise Labkeep warns of it no more, and removes its snapshots as the retention says.',
    confirm: 'Give it up',
    keep: 'Keep it',
  },
  kitSaved: (path: string): string => `Recovery kit saved as ${path}`,
};
