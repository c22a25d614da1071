import { counted, format } from './words.ts';

export const snapshots = {
  title: 'Snapshots',
  list: 'Snapshots, newest first',
  when: 'When',
  plan: 'Plan',
  outcome: 'Outcome',
  holds: 'Holds',
  holdsValue: (projects: number, groups: number): string =>
    groups === 0
      ? counted(projects, 'project', 'projects')
      : `${counted(projects, 'project', 'projects')}, ${counted(groups, 'group', 'groups')}`,
  newData: 'New',
  total: 'Whole size',
  totalTip: 'What it would take without deduplication.',
  proven: 'Proven',
  provenTip: (when: string): string => `Something of it was rebuilt and checked ${when}.`,
  damaged: 'Damaged',
  damagedTip: 'Something of it is known to be damaged and may not be restorable.',
  pin: 'Keep for ever',
  pinned: 'Kept for ever',
  pinTip: 'No retention removes it while this is on.',
  pinnedSaid: 'This snapshot is kept for ever.',
  unpinnedSaid: 'This snapshot is kept as long as its plan says.',
  stale: (count: number): string => `${counted(count, 'item', 'items')} kept from before`,
  empty: 'No snapshot yet',
  emptyDetail:
    'A snapshot is one point in time of everything a plan protects. The first backup makes the first one.',
  backUp: 'Back up now',

  page: {
    up: 'Snapshots',
    title: (when: string): string => `Snapshot of ${when}`,
    vault: 'Vault',
    id: 'ID',
    idTip: 'Any restic client knows the snapshot by this ID.',
    copyId: 'Copy ID',
    run: 'Made by',
    showRun: 'Show the run',
    elsewhere: 'another computer',
    checkVault: 'Check the vault',
    checkTip: 'Checks the whole vault and reads a tenth of its data.',
    checkStarted: 'The check has started.',
    items: 'In this snapshot',
    search: 'Search projects',
    name: 'Path',
    actions: 'Actions',
    unknownItems:
      'Another computer made this snapshot, so these are all projects known here. One that the snapshot does not hold says so when you open Restore.',
    noItems: 'No projects are known',
    noItemsDetail: 'Back up once on this computer; then its projects stand here.',
    gone: 'This snapshot does not exist any more',
    goneDetail: 'It may have been removed by the retention of its plan.',
    lines: (saved: number, missing: number): string =>
      missing === 0
        ? `${counted(saved, 'kind', 'kinds')} saved`
        : `${counted(saved, 'kind', 'kinds')} saved, ${format.number(missing)} not`,
  },
};
