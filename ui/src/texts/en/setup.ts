import type { Outcome } from '../../backend/bindings.ts';
import type { Face } from '../../rules/found.ts';
import { outcomes } from './common.ts';
import { counted, format, within } from './words.ts';

export const setup = {
  path: 'Steps of the set-up',
  steps: {
    connect: 'Connect',
    permissions: 'Permissions',
    what: 'What',
    where: 'Where',
    when: 'When',
    vault_where: 'Where',
    vault_key: 'Key',
    found: 'Done',
  },
  stepDone: 'done',
  leave: 'Leave the set-up',

  connect: {
    title: 'Connect your GitLab',
    lead: 'With an access token: a password for one app, which you can take back at any time.',
    address: 'Address of your GitLab',
    addressPlaceholder: 'https://gitlab.com',
    purpose: 'What should Labkeep be able to do?',
    create: 'Create a token on GitLab',
    createHint:
      'Opens GitLab’s token page with name and permissions filled in. Copy the token here.',
    token: 'Personal access token',
    tokenPlaceholder: 'glpat-…',
    tokenHint: 'It goes into this computer’s keychain and is never shown again.',
    tokenEmpty: 'Enter a token, or create one with the button above.',
    keepToken: 'Leave empty to go on with the token that is stored.',
    connected: (name: string): string => `Connected as ${name}.`,
    known: 'Account',
    another: 'Another account',
    anotherDetail: 'A different GitLab, or a different user.',
    advanced: 'Advanced',
    ca: 'Certificate of your own authority',
    caHint: 'A PEM file, if your GitLab uses a certificate that this computer does not trust.',
    caNone: 'None',
    caChoose: 'Choose a file',
    caRemove: 'Remove',
    keychain: 'Tokens cannot be kept on this computer',
    submit: 'Connect',
  },

  recovery: {
    enter: 'I have a vault',
    enterDetail: 'From another computer, say. It brings everything back, without a GitLab.',
    title: 'Where is your vault?',
    lead: 'The recovery kit names its folder. If that is on a drive, plug it in first.',
    folder: 'Folder of the vault',
    placeholder: '/media/…',
    folderEmpty: 'Enter the folder of your vault, or choose it.',
    isVault: 'There is a vault here.',
    readOnly:
      'This folder cannot be written to. A vault in it can be read, but no backup be added to it.',
    noVault: {
      new: 'There is no such folder. If it is on a removable drive or a network share, connect it.',
      empty: 'There is no vault here: this folder is empty.',
      notEmpty: 'There is no vault here: this folder holds other things.',
      inside: 'This folder is not a vault, but there is one in it.',
    },
    keyTitle: 'Enter its key',
    keyLead: (location: string): string => `For the vault in ${location}.`,
    keyHint:
      'It stands on the recovery kit under “Its key”. Small letters, spaces and missing dashes do not matter.',
    noKit: 'Without the key nobody can open a vault, Labkeep’s makers included.',
    nothingSent:
      'Opening changes nothing in the vault. The key goes into this computer’s keychain.',
    open: 'Open the vault',
    reading: 'Reading what is in the vault. This takes a while if it holds many snapshots.',
    faces: {
      back: {
        title: 'Your backups are here again',
        lead: 'This computer knows all that the vault knows. Restore and export work now.',
      },
      with_gaps: {
        title: 'Your backups are here again, with gaps',
        lead: 'This computer knows what can be read of the vault. Restore and export work now.',
      },
      no_plan: {
        title: 'The vault is open',
        lead: 'No plan for backups came with it. Connect your GitLab to make one.',
      },
      empty: {
        title: 'The vault is open, and empty',
        lead: 'There are no backups in it. Connect your GitLab to make the first one.',
      },
    } satisfies Record<Face, { title: string; lead: string }>,
    opened: 'The vault is open',
    counting: 'Looking at what came back',
    vault: 'Vault',
    snapshots: 'Snapshots',
    snapshotCount: (count: number, oldest: string): string =>
      count === 1 ? '1' : `${format.number(count)}, the oldest of ${oldest}`,
    last: 'Last backup',
    lastBackup: (when: string, outcome: Outcome): string =>
      outcome === 'complete' ? when : `${when}, ${within(outcomes[outcome])}`,
    projects: 'Projects',
    projectCount: (count: number, gone: number): string =>
      gone === 0
        ? format.number(count)
        : `${format.number(count)}, ${format.number(gone)} of them gone at GitLab`,
    plans: 'Plans',
    plan: (name: string, schedule: string): string => `“${name}”: ${within(schedule)}`,
    copies: 'Second copies',
    home: 'Go to Home',
    restore: 'Restore something',
    goOn: 'Connect your GitLab',
    another: 'Make another plan',
  },

  what: {
    title: 'What to protect',
    lead: 'This can be changed at any time.',
    everything: 'Everything I can see, including projects created later',
    everythingDetail: (projects: number, groups: number): string =>
      groups === 0
        ? `${counted(projects, 'project', 'projects')} today.`
        : `${counted(projects, 'project', 'projects')} in ${counted(groups, 'group', 'groups')} today.`,
    everythingUnknown: 'Whatever the token may read.',
    choose: 'Choose groups and projects',
    chooseDetail: 'A chosen group includes what is created in it later.',
    mode: 'What to protect',
    search: 'Search groups and projects',
    tree: 'Groups and projects',
    root: 'Everything I can see',
    archived: 'archived',
    chosen: (count: number, total: number): string =>
      `${format.number(count)} of ${counted(total, 'project', 'projects')}`,
    nothing: 'Choose at least one group or project.',
    nothingFound: (text: string): string => `Nothing is called “${text}”.`,
    empty: 'This token sees no groups and projects',
    emptyDetail: 'Check what the token allows in the step before.',
    extra: 'Patterns that were written by hand stay as they are:',
    loading: 'Listing what the token sees',
  },

  where: {
    title: 'Where to keep it',
    lead: 'The copies go into a vault: an encrypted folder, best on another disk.',
    folder: 'Folder',
    browse: 'Choose a folder',
    looking: 'Looking at the folder…',
    free: (bytes: number): string => `${format.bytes(bytes)} free`,
    size: (bytes: number): string => `What you chose takes about ${format.bytes(bytes)} at GitLab.`,
    tight: (bytes: number): string =>
      `What you chose takes about ${format.bytes(bytes)} at GitLab, which may not fit here.`,
    states: {
      new: 'The folder will be made.',
      empty: 'The folder is empty and can be used.',
      not_empty: 'The folder holds other things.',
      vault: 'This is a vault already.',
      newer_vault: 'This is a vault of a newer Labkeep.',
      not_writable: 'This folder cannot be written to.',
      invalid: 'This is not a folder’s path.',
    },
    suggestion: (path: string): string => `Use ${path}`,
    key: 'Key of the vault',
    keyHint: 'It is on the recovery kit that was saved when the vault was made.',
    keyEmpty: 'Enter the key of this vault.',
    name: 'Name of the vault',
    nameHint: 'For you; empty takes the folder’s name.',
    advanced: 'Advanced',
    known: 'Vault',
    another: 'Another folder',
    anotherDetail: 'A new vault, or one that another computer made.',
    create: 'Make the vault',
    open: 'Open the vault',
    empty: 'Enter a folder, or choose one.',
    made: (location: string): string => `The vault is in ${location}.`,
  },

  kit: {
    title: 'Save the recovery kit',
    lead: 'The vault is encrypted with a key that only this computer has. If the computer is lost, the recovery kit is the only way back in.',
    contentsTitle: 'What is on it',
    contents: [
      'The key of the vault',
      'Where the vault is',
      'How to restore from it, even without Labkeep',
    ],
    advice: 'Keep it away from this computer: printed, or in a password manager.',
    save: 'Save the recovery kit',
    saveAgain: 'Save it again',
    saved: (path: string): string => `Saved as ${path}`,
    savedBefore: 'The recovery kit of this vault is saved.',
    postpone: 'Remind me later',
    postponeTitle: 'Go on without it?',
    postponeDetail:
      'Until it is saved, nobody can read the copies if this computer breaks. Labkeep reminds you.',
    postponeConfirm: 'Go on and remind me',
    postponed: 'Not saved yet. Labkeep reminds you.',
  },

  when: {
    title: 'When to back up',
    lead: (account: string, what: string, where: string): string =>
      `${what} from ${account}, into ${where}.`,
    everything: 'Everything visible',
    login: 'Start with the computer',
    loginDetail:
      'Labkeep starts hidden when you log in. Closing its window leaves it in the tray, where it keeps going with little memory.',
    start: 'Start the first backup',
  },

  first: {
    running: 'Your first backup is running',
    lead: 'It goes on in the background. You can close this window at any time.',
    leave: 'Go to Home',
    activity: 'Show all details',
    complete: 'Your first backup is complete',
    partial: 'Your first backup is saved, with gaps',
    failed: 'The first backup did not finish',
    byItself: (schedule: string): string =>
      `Labkeep goes on by itself from here: ${within(schedule)}.`,
    onDemand: 'Labkeep backs up again whenever you press “Back up now”.',
    nothingSaved: 'Nothing was saved by it.',
    seeGaps: 'Show what is missing',
    again: 'Back up again',
  },
};

export const permissions = {
  title: 'What this token allows',
  of: 'of',
  on: (host: string): string => `on ${host}`,
  unnamed: 'The token',
  validUntil: (date: string): string => `valid until ${date}`,
  validUntilSoon: (date: string, days: number): string =>
    days <= 0 ? `expired on ${date}` : `valid until ${date}, ${counted(days, 'day', 'days')} left`,
  noExpiry: 'no expiry date known',
  roles: (roles: readonly { role: string; projects: number }[]): string =>
    roles
      .map(({ role, projects }, index) =>
        index === 0
          ? `${role} of ${counted(projects, 'project', 'projects')}`
          : `${role} of ${format.number(projects)}`,
      )
      .join(', '),
  scope: 'Scope',
  scopeHint: 'A scope is one permission of a token.',
  thisToken: 'This token',
  neededTo: 'Needed to',
  withoutIt: 'Without it',
  partOf: 'Part of',
  states: {
    granted: 'Granted',
    included: 'Included',
    missing: 'Missing',
    for_restore: 'For restore',
    unknown: 'Unknown',
  },
  stateTips: {
    granted: 'The token has this scope.',
    included: 'A wider scope of the token includes it.',
    missing: 'Backups miss something, or are slower, without it.',
    for_restore: 'Only a restore needs it, and asks for its own token then.',
    unknown: 'A fine-grained token: what it may do shows only by trying.',
  },
  youChoose: 'A scope is one permission of a token. You choose which to grant.',
  about: 'About personal access tokens at GitLab',
  aboutUrl: 'https://docs.gitlab.com/user/profile/personal_access_tokens/',
  createMore: 'Create a token with more permissions',
  continue: 'Continue with this token',
  cannotBackUp: 'No backup can run with this token. Create one with more permissions.',
  replace: 'Replace token',
  checked: 'Checked',
  facts: 'About this account',
  kind: 'Kind of token',
  server: 'GitLab',
  user: 'User',
  visible: 'Projects it sees',
  import: 'Import of project archives',
  importOn: 'enabled',
  importOff: 'disabled',
  importUnknown: 'not known',
  restore: 'Restore',
  canRestore: 'possible with this token',
  cannotRestore: 'asks for a token of its own',
};
