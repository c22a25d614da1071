import type { Appearance } from '../../backend/bindings.ts';
import { counted, format, within } from './words.ts';

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
    noToken: 'Needs a token',
    permissions: 'Permissions',
    replace: 'Replace token',
    remove: 'Remove',
    removeTitle: (name: string): string => `Remove ${name}?`,
    removeDetail:
      'Labkeep forgets the account and deletes its token from the keychain. Copies in the vaults stay. The token itself stays valid at GitLab until you revoke it there.',
    removeConfirm: 'Remove the account',
    used: (plan: string): string => `The plan “${plan}” uses this account.`,
    replaced: 'The token is kept in the keychain.',
    replaceTitle: (host: string): string => `New token for ${host}`,
    replaceLead: 'It is checked first; only then is it kept, in the place of an old one.',
    replaceSubmit: 'Check and keep',
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
    nextCheck: (when: string): string => `next check ${within(when)}`,
    allRead: (when: string): string => `all data read since ${when}`,
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
    copied: 'A second copy goes from or into this vault. Remove that first.',
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
    edit: 'Change',
    backUp: 'Back up now',
    thorough: 'Thorough backup',
    thoroughTip: 'Asks GitLab for everything again instead of trusting its change marks.',
    another: 'Set up another backup',
    editTitle: (name: string): string => `Plan “${name}”`,
    parts: 'Part of the plan',
    part: { what: 'What', when: 'When', kept: 'How long' },
    badSchedule: 'Mend the time first.',
    badRetention: 'Mend the numbers of how long copies are kept first.',
    keeps: (retention: string): string => `keeps ${retention}`,
    keepsOpen:
      'The vault does not say how long this plan keeps its snapshots; nothing is removed until you choose.',
    keepsOpenDetail: 'What stands here is a proposal. It holds once you save.',
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
  behaviour: {
    title: 'How Labkeep works',
    changeRules: 'Change schedule and rules',
    changeNotifications: 'Change notifications',
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
  updates: {
    look: 'Check for updates',
    install: 'Install it',
    newest: 'This is the newest version.',
    found: (version: string): string => `Labkeep ${version} is there.`,
    installed: (version: string): string =>
      `Labkeep ${version} is installed. It is used from the next start on.`,
  },
  missing: 'missing',
};
