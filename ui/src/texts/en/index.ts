// English.
import * as common from './common.ts';
import { activity } from './activity.ts';
import { home } from './home.ts';
import { projects } from './projects.ts';
import { restore } from './restore.ts';
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
  projects,
  restore,
  activity,
  snapshots,
  settings,
};
