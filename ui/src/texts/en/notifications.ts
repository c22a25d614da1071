// Whom Labkeep tells, and how.
import type { NoticeChannel, MailSecurity } from '../../backend/bindings.ts';
import { within } from './words.ts';

type Words = { title: string; detail: string };

const channels: Record<NoticeChannel, Words> = {
  webhook: {
    title: 'Webhook',
    detail: 'Posts a message to an address: Slack, Mattermost, Teams, or a script of your own.',
  },
  ntfy: { title: 'ntfy', detail: 'Sends a push message to your phone by a topic of ntfy.' },
  heartbeat: {
    title: 'Heartbeat',
    detail:
      'Asks for an address after each good backup. The service behind it raises the alarm when that stays out, even if this computer is off.',
  },
  email: { title: 'E-mail', detail: 'Sends a message through a mail server of yours.' },
};

const security: Record<MailSecurity, string> = {
  start_tls: 'STARTTLS (usually port 587)',
  tls: 'TLS from the start (usually port 465)',
  none: 'None, for a server on this computer',
};

export const notifications = {
  title: 'Notifications',
  desktop: {
    title: 'On this computer',
    success: 'Tell about good backups too',
    successDetail:
      'Labkeep always tells when something needs you, once a day at most for the same thing. With this it also tells when a backup went well.',
  },
  others: 'Elsewhere',
  othersLead:
    'Told when a backup failed, is partial, is late or could not start, also while you are away from this computer.',
  channels,
  to: (host: string): string => `Goes to ${host}`,
  mailTo: (to: string, server: string): string => `Goes to ${to} through ${server}`,
  off: 'Not set up',
  setUp: 'Set up',
  change: 'Change',
  test: 'Send a test',
  remove: 'Remove',
  tested: (channel: string): string => `${channel}: the test was sent.`,
  problem: (when: string, message: string): string => `Failed ${within(when)}: ${message}`,
  removeTitle: (channel: string): string => `Remove ${channel}?`,
  removeDetail:
    'Nobody is told there any more. Its address or password is deleted from the keychain.',
  removeConfirm: 'Remove it',
  removed: 'Removed.',
  saved: 'Saved. Send a test to see whether it arrives.',
  endpoint: {
    title: (channel: string): string => `Set up ${channel}`,
    changeTitle: (channel: string): string => `New address for ${channel}`,
    address: 'Address',
    hints: {
      webhook:
        'Whoever has the address can post there, so it is kept in the keychain like a password.',
      ntfy: 'With the topic, such as https://ntfy.sh/my-topic. A token goes before the server: https://token@ntfy.example.com/my-topic.',
      heartbeat: 'From a service that watches for it, such as healthchecks.io.',
    } satisfies Record<Exclude<NoticeChannel, 'email'>, string>,
    shown: (host: string): string =>
      `Now it goes to ${host}. The rest of the address is never shown again.`,
    placeholder: 'https://…',
    empty: 'Enter the address.',
  },
  email: {
    title: 'Mail server',
    server: 'Server',
    serverHint: 'Reached directly: mail goes through no proxy.',
    port: 'Port',
    security: 'Protection of the connection',
    securities: security,
    username: 'User name',
    usernameHint: 'Empty if the server wants none.',
    password: 'Password',
    passwordHint: 'It goes into the keychain and is never shown again.',
    passwordKept: 'Leave empty to keep the one that is stored.',
    from: 'From',
    to: 'To',
    serverEmpty: 'Enter the name of the mail server.',
    portWrong: 'A number from 1 to 65535.',
    addressWrong: 'Enter a mail address, such as mira@example.com.',
    passwordEmpty: 'Enter the password that belongs to the user name.',
  },
  words: (told: readonly NoticeChannel[]): string =>
    told.length === 0
      ? 'On this computer only'
      : `On this computer, ${told.map((channel) => channels[channel].title).join(', ')}`,
};
