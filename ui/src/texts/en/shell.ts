import type { Light } from '../../rules/headline.ts';
import { counted, format, within } from './words.ts';

const lights: Record<Light, string> = {
  not_set_up: 'Not set up',
  protected: 'Protected',
  with_gaps: 'Has known gaps',
  not_known: 'Not known',
  running: 'Running',
  needs_attention: 'Needs attention',
  paused: 'Paused',
};

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
  minimised:
    'Labkeep goes on in this minimised window: your desktop shows no tray that it could go to.',
  lights,
  looking: 'Looking…',
  runningNow: (share: number | null): string =>
    share === null ? 'Running' : `Running, ${format.percent(share)}`,
  needsToken: 'Next: needs a token',
  onDemand: 'Backs up on request',
  next: (when: string): string => `Next: ${within(when)}`,
  waits: 'Next: waits',
  pausedUntil: (when: string): string => `Until ${within(when)}`,
  accounts: (count: number): string => counted(count, 'account', 'accounts'),
  skip: 'Skip to content',
  startFailed: 'Labkeep could not start',
  sample: 'Sample data',
};
