import type { Appearance, ScheduleView } from '../../backend/bindings.ts';
import { counted, format } from './words.ts';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function clock(minute: number): string {
  const day = new Date(2026, 0, 1, Math.floor(minute / 60), minute % 60);
  return format.time(day.getTime());
}

const appearances: Record<Appearance, string> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
};

export const settings = {
  title: 'Settings',
  accounts: {
    title: 'Accounts',
    expires: (date: string, days: number): string =>
      days <= 0
        ? `Token expired on ${date}`
        : `Token valid until ${date}, ${counted(days, 'day', 'days')} left`,
    noExpiry: 'No expiry date known',
    permissions: 'Permissions',
    replace: 'Replace token',
    remove: 'Remove',
    removeTitle: (name: string): string => `Remove ${name}?`,
    removeDetail:
      'Labkeep forgets the account and deletes its token from the keychain. Copies in the vaults stay. The token itself stays valid at GitLab until you revoke it there.',
    removeConfirm: 'Remove the account',
    used: (plan: string): string => `The plan “${plan}” uses this account.`,
    replaced: 'The token was replaced.',
    replaceTitle: (host: string): string => `New token for ${host}`,
    replaceLead: 'The new token is checked first; only then does it take the place of the old one.',
    replaceSubmit: 'Check and replace',
    removed: 'The account was removed.',
    keychain: 'Tokens and keys cannot be kept on this computer',
  },
  vaults: {
    title: 'Vaults',
    used: (bytes: string, snapshots: string): string => `${bytes} used by ${snapshots}`,
    usedUnknown: 'Used space is not known yet',
    snapshots: (count: number): string => counted(count, 'snapshot', 'snapshots'),
    free: (bytes: string): string => `${bytes} free`,
    usedShare: 'Used by this vault, of what is there',
    checked: (when: string): string => `Checked ${when}`,
    neverChecked: 'Never checked',
    check: 'Check',
    checkTitle: (name: string): string => `Check ${name}`,
    checkLead: 'Looks whether everything that snapshots need is there and whole.',
    checkDepth: 'How much of the data to read',
    checkChoices: {
      '0': {
        title: 'Structure only',
        detail: 'Seconds to minutes: every part is there, nothing is read.',
      },
      '10': { title: 'A tenth of the data', detail: 'A good regular check.' },
      '100': {
        title: 'All data',
        detail: 'Reads the whole vault once; can take hours on a slow disk.',
      },
    },
    checkStart: 'Start the check',
    checkStarted: 'The check has started.',
    kit: 'Recovery kit',
    kitStates: {
      saved: 'Recovery kit saved',
      postponed: 'Recovery kit not saved',
      pending: 'Recovery kit not saved',
    },
    kitSave: 'Save recovery kit',
    kitSaved: (path: string): string => `Recovery kit saved as ${path}`,
    unreachable: 'The vault cannot be reached',
    remove: 'Forget',
    removeTitle: (name: string): string => `Forget ${name}?`,
    removeDetail:
      'Labkeep forgets the vault and deletes its key from the keychain. The folder and the copies in it stay, but only the recovery kit can open them again.',
    removeConfirm: 'Forget the vault',
    removeKit: 'Save the recovery kit first: without it nobody can open the copies again.',
    used_: (plan: string): string => `The plan “${plan}” keeps its copies here.`,
    removed: 'The vault was forgotten.',
  },
  plans: {
    title: 'Plans',
    detail: (account: string, vault: string): string => `${account} into ${vault}`,
    everything: 'Everything visible, including projects created later',
    chosen: (include: readonly string[], exclude: readonly string[]): string =>
      [
        include.length === 0 ? 'Everything visible' : format.list(include),
        exclude.length === 0 ? null : `without ${format.list(exclude)}`,
      ]
        .filter((part) => part !== null)
        .join(', '),
    schedule: (schedule: ScheduleView): string => {
      switch (schedule.every) {
        case 'manual':
          return 'Runs when you ask';
        case 'hours':
          return schedule.hours === 1 ? 'Every hour' : `Every ${schedule.hours} hours`;
        case 'daily':
          return `Every day at ${clock(schedule.minute)}`;
        case 'weekly':
          return `Every ${WEEKDAYS[schedule.weekday] ?? WEEKDAYS[0]} at ${clock(schedule.minute)}`;
      }
    },
    edit: 'Change what',
    backUp: 'Back up now',
    thorough: 'Thorough backup',
    thoroughTip: 'Asks GitLab for everything again instead of trusting its change marks.',
    another: 'Set up another backup',
    editTitle: (name: string): string => `What “${name}” protects`,
    name: 'Name',
    saved: 'The plan was changed.',
    gone: 'This plan does not exist any more',
    remove: 'Remove',
    removeTitle: (name: string): string => `Remove the plan “${name}”?`,
    removeDetail:
      'Nothing is backed up by it any more. The copies that it made stay in the vault and can still be restored.',
    removeConfirm: 'Remove the plan',
    removed: 'The plan was removed.',
  },
  appearance: {
    title: 'Appearance',
    theme: 'Colours',
    choices: appearances,
  },
  about: {
    title: 'About',
    version: (version: string): string => `Labkeep ${version}`,
    detail: 'Keeps a copy of your GitLab that you own.',
    licence: 'MIT or Apache 2.0',
    format:
      'The vault is in restic’s format; the recovery kit says how to read it without Labkeep.',
  },
  missing: 'missing',
};
