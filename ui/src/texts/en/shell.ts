import { counted, format } from './words.ts';

export const shell = {
  navigation: 'Main',
  home: 'Home',
  projects: 'Projects',
  snapshots: 'Snapshots',
  activity: 'Activity',
  settings: 'Settings',
  settingsIssues: (count: number): string =>
    `${counted(count, 'thing needs', 'things need')} attention`,
  protection: 'Protection',
  runningNow: (share: number | null): string =>
    share === null ? 'Running' : `Running, ${format.percent(share)}`,
  nextBackup: (when: string): string => `Next backup: ${when}`,
  onDemand: 'Backs up when you ask',
  accounts: (count: number): string => counted(count, 'account', 'accounts'),
  skip: 'Skip to content',
  startFailed: 'Labkeep could not start',
  sample: 'Sample data',
};
