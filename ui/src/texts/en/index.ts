// English.
import * as common from './common.ts';
import { activity } from './activity.ts';
import { copies } from './copies.ts';
import { home } from './home.ts';
import { loss } from './loss.ts';
import { notifications } from './notifications.ts';
import { projects } from './projects.ts';
import { prune } from './prune.ts';
import { restore } from './restore.ts';
import { rules } from './rules.ts';
import { retention, schedule } from './schedule.ts';
import { settings } from './settings.ts';
import { permissions, setup } from './setup.ts';
import { shell } from './shell.ts';
import { snapshots } from './snapshots.ts';
import { format } from './words.ts';

export const en = {
  language: 'en',
  ...common,
  format,
  shell,
  setup,
  permissions,
  home,
  loss,
  projects,
  restore,
  activity,
  snapshots,
  schedule,
  retention,
  prune,
  rules,
  notifications,
  copies,
  settings,
};
