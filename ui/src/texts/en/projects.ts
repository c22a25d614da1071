import type { ProjectFilter } from '../../backend/bindings.ts';
import type { Face } from '../../rules/coverage.ts';
import { counted, format } from './words.ts';

const filters: Record<ProjectFilter, { label: string; detail: string }> = {
  all: { label: 'All states', detail: 'Every group and project' },
  unprotected: { label: 'Unprotected', detail: 'No plan covers it, or it was never saved' },
  stale: { label: 'Stale', detail: 'Kept from an earlier backup' },
  partial: { label: 'Partial', detail: 'Something of it is not readable or failed' },
  gone: { label: 'Deleted at GitLab', detail: 'Only the copies are left' },
};

const faces: Record<Face, string> = {
  saved: 'saved',
  nothing: 'empty or off',
  no_right: 'no right or not offered',
  stale: 'stale',
  failed: 'failed',
};

export const projects = {
  title: 'Projects',
  search: 'Search projects',
  filter: 'Show',
  filters,
  faces,
  list: 'Groups and projects',
  name: 'Name',
  kindsColumn: 'Saved, by kind',
  lastSaved: 'Last saved',
  size: 'Size',
  actions: 'Actions',
  legend: 'Legend',
  kindsFromLeft: (kinds: string): string => `Kinds from left: ${kinds}`,
  neverSaved: 'never saved',
  goneSince: (when: string): string => `deleted at GitLab, noticed ${when}`,
  coverage: (saved: number, total: number, others: readonly string[]): string =>
    [`${format.number(saved)} of ${counted(total, 'kind', 'kinds')} saved`, ...others].join(', '),
  coverageOther: (kind: string, state: string): string => `${kind}: ${state}`,
  cellTip: (kind: string, state: string, reason: string | null, stale: string | null): string =>
    [
      `${kind}: ${state.toLowerCase()}`,
      stale === null ? null : `The version of ${stale} was kept`,
      reason,
    ]
      .filter((line) => line !== null)
      .join('\n'),
  importantOf: (name: string): string => `Rehearse ${name} every time`,
  importantTip: 'Important: every drill rebuilds it',
  important: 'Important',
  provenTip: (when: string): string => `Rebuilt from the vault and checked ${when}`,
  damaged: 'copy damaged',
  damagedTip: 'What is saved of it is damaged. The next backup reads it in full.',
  restoreOf: (name: string): string => `Restore ${name}`,
  empty: 'Nothing is saved yet',
  emptyDetail:
    'After the first backup, every group and project stands here with what was saved of it.',
  emptyRunning: 'The first backup is running',
  emptyRunningDetail: 'Groups and projects appear here when it is done.',
  noneFound: 'Nothing fits',
  noneFoundDetail: (text: string): string =>
    text === '' ? 'No group or project is in this state.' : `Nothing is called “${text}” here.`,
  showAll: 'Show all',
  unprotected: 'not covered',

  project: {
    up: 'Projects',
    before: (paths: string): string => `Before: ${paths}`,
    versions: 'Versions',
    versionsList: 'Versions, newest first',
    noVersions: 'No version yet',
    noVersionsDetail: 'Back up first; then every snapshot that holds it stands here.',
    current: 'As of the last backup',
    kind: 'Kind',
    state: 'State',
    count: 'Count',
    size: 'Size',
    lastSaved: 'Last saved',
    proven: 'Proven restorable',
    notProven: 'Never rebuilt to prove it',
    restoreThis: 'Restore this version',
    exportThis: 'Export this version',
    drillThis: 'Drill',
    drillTip:
      'Rebuilds it from the vault in a scratch folder and checks it. Nothing is sent to GitLab.',
    drillStarted: 'The drill has started.',
    showActivity: 'Show',
    damaged: (when: string): string => `A saved copy of this is damaged, found ${when}`,
    damagedDetail:
      'It is read in full with the next backup. Versions from before may not be restorable.',
    gone: (when: string): string => `This project is deleted at GitLab, noticed ${when}.`,
    goneDetail: 'Its copies are still here and can be restored.',
    path: 'Path then',
    keptFrom: (when: string): string => `Kept from ${when}`,
    ledgerOf: (when: string): string => `What was saved, ${when}`,
  },
};
