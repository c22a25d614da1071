// What a removal of old snapshots would do.
import { counted, format } from './words.ts';

export const prune = {
  open: 'Show what would go',
  openTip: 'Looks into the vault; nothing is removed.',
  title: 'What would go',
  titleOf: (vault: string): string => `Old snapshots in ${vault}`,
  looking: 'Reading what is in the vault…',
  summary: (goes: number, stays: number): string =>
    goes === 0
      ? `Nothing goes: ${counted(stays, 'snapshot stays', 'snapshots stay')}.`
      : `${counted(goes, 'snapshot goes', 'snapshots go')}, ${counted(stays, 'stays', 'stay')}.`,
  unused: (bytes: number): string =>
    `${format.bytes(bytes)} that no snapshot needs any more are freed as well.`,
  list: 'Snapshots, newest first',
  when: 'When',
  plan: 'Plan',
  fate: 'Stays or goes',
  why: 'Why',
  stays: 'Stays',
  goes: 'Goes',
  remove: 'Remove now',
  removeTitle: (count: number): string => `Remove ${counted(count, 'snapshot', 'snapshots')}?`,
  removeDetail:
    'They are gone for good. Data that no other snapshot needs is marked first and freed a day later, so a mistake on the way costs nothing.',
  removeConfirm: (count: number): string => `Remove ${counted(count, 'snapshot', 'snapshots')}`,
  tidy: 'Free unused data?',
  tidyDetail: 'No snapshot goes. Only data that none of them needs any more is freed.',
  tidyConfirm: 'Free it',
  nothing: 'There is nothing to remove.',
  unsaved: 'Save the plan first: this is what the changed numbers would do.',
  started: 'Old snapshots are being removed.',
  bySelf:
    'Labkeep removes old snapshots by itself after a good backup, at most once a day, and never while much is gone at GitLab.',
};
