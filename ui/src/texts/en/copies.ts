// Second copies of a vault.
import { counted, within } from './words.ts';

export const copies = {
  title: 'Second copies',
  add: 'Add a second copy',
  empty: 'There is only one copy',
  emptyDetail:
    'One disk can break or be stolen. A second copy of the vault on another disk, best kept elsewhere, is made after each backup.',
  name: (from: string, to: string): string => `${from} into ${to}`,
  copied: (when: string): string => `Up to date, copied ${within(when)}`,
  never: 'Nothing was copied yet',
  behind: (count: number): string => `${counted(count, 'snapshot', 'snapshots')} behind`,
  since: (when: string): string => `last whole ${within(when)}`,
  keeps: (retention: string): string => `Keeps ${retention}`,
  now: 'Copy now',
  nowStarted: 'The copy has started.',
  change: 'Change',
  remove: 'Remove',
  problem: 'The last copy failed',
  addTitle: 'Add a second copy',
  changeTitle: 'Change the second copy',
  from: 'Vault to copy',
  to: 'Where the copy goes',
  another: 'Another folder',
  anotherDetail: 'A new vault on another disk, or one that is there already.',
  noTargets: 'Choose a folder on another disk; Labkeep makes a vault of its own there.',
  badRetention: 'Mend the numbers of how long copies are kept first.',
  save: 'Set up the copy',
  saved: 'The second copy is set up. It is made after each backup.',
  changed: 'The second copy was changed.',
  removeTitle: (name: string): string => `Remove the second copy ${name}?`,
  removeDetail:
    'Nothing is copied there any more. The vault with what was copied stays and can still be restored from.',
  removeConfirm: 'Remove the second copy',
  removed: 'The second copy was removed.',
};
