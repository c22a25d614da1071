import type { Mark } from '../../backend/bindings.ts';
import { counted, format } from './words.ts';

const marks: Record<Mark, string> = {
  good: 'Comes back',
  changed: 'Comes back changed',
  bad: 'Does not come back',
};

export const restore = {
  title: (name: string): string => `Restore ${name}`,
  planning: 'Looking at the snapshot and at GitLab…',
  from: 'From',
  to: 'To',
  what: 'What',
  changeFrom: 'Change snapshot',
  changeTo: 'Change destination',
  changeWhat: 'Choose what to restore',
  everything: 'Everything saved',
  proven: 'Proven restorable',
  provenTip: (when: string): string => `A drill rebuilt and checked it ${when}.`,
  snapshots: 'Snapshots with this project',
  destination: 'Full path of the new project',
  destinationHint: 'Nothing that exists is ever overwritten.',
  kinds: 'What to restore',
  noKinds: 'Choose at least one.',
  use: 'Use this',
  willHappen: 'What will happen',
  marks,
  estimate: (time: string, requests: number, bytes: number): string =>
    [
      `${time}, ${counted(requests, 'request', 'requests')}`,
      bytes > 0 ? `${format.bytes(bytes)} to send` : null,
      'Nobody is notified',
    ]
      .filter((part) => part !== null)
      .join(' · '),
  about: (milliseconds: number): string => {
    const minutes = Math.round(milliseconds / 60_000);
    if (minutes < 1) return 'Under a minute';
    if (minutes < 90) return `About ${counted(minutes, 'minute', 'minutes')}`;
    return `About ${counted(Math.round(minutes / 60), 'hour', 'hours')}`;
  },
  token: 'Token for this restore',
  tokenPlaceholder: 'glpat-…',
  createToken: 'Create one at GitLab',
  tokenEmpty: 'Enter a token that may write, or create one.',
  tokenChanged: 'With this token the plan is different. Look at it again, then press Restore.',
  tokenHeld: 'The token is held for this restore only.',
  start: 'Restore',
  blocked: 'This cannot start yet',
  started: 'The restore is running',
  background: 'Continue in the background',
  goesOn: 'It goes on when you close this, or the whole window.',
  doneOutcome: {
    complete: 'Restored',
    partial: 'Restored, with gaps',
    aborted: 'The restore was stopped',
    failed: 'The restore failed',
  },
  report: 'Report',
  showRun: 'Show the run',
  openResult: 'Open it at GitLab',

  export: {
    title: (name: string): string => `Export ${name}`,
    lead: 'Writes a copy out of the vault into a folder that any tool can read.',
    from: 'From',
    form: 'As',
    folder: 'Folder with plain files',
    folderDetail: 'Bare git repositories and one JSON document a line for the rest.',
    archive: 'GitLab project archive',
    archiveDetail: 'One file that GitLab’s own import page accepts.',
    target: 'Into',
    browse: 'Choose a folder',
    empty: 'Choose a folder first.',
    start: 'Export',
    started: 'The export has started.',
  },
};
