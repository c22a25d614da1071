// Whom Labkeep tells beside the desktop. Addresses and passwords are held here
// only until they were accepted or the dialog is closed.
import type { Backend } from '../backend/backend.ts';
import type {
  AppError,
  NoticeChannel,
  ChannelsView,
  Email,
  MailSecurity,
} from '../backend/bindings.ts';
import { t } from '../texts/index.ts';
import { Action } from './loadable.svelte.ts';

export const CHANNELS: readonly NoticeChannel[] = ['webhook', 'ntfy', 'heartbeat', 'email'];

export type EndpointChannel = Exclude<NoticeChannel, 'email'>;

/** The address of one channel, being entered. */
export class EndpointForm {
  address = $state('');
  lacking = $state<string | null>(null);
  readonly action = new Action();
  readonly channel: EndpointChannel;
  #backend: Backend;

  constructor(backend: Backend, channel: EndpointChannel) {
    this.#backend = backend;
    this.channel = channel;
  }

  /** Gives the channels, or none if the address was not taken. */
  async submit(): Promise<ChannelsView | null> {
    const address = this.address.trim();
    this.lacking = address === '' ? t.notifications.endpoint.empty : null;
    if (address === '') return null;
    let view: ChannelsView | null = null;
    await this.action.do(async () => {
      view = await this.#backend.setEndpoint(this.channel, address);
      this.address = '';
    });
    return view;
  }
}

const PORTS: Record<MailSecurity, number> = { start_tls: 587, tls: 465, none: 25 };

/** The mail server, being entered. */
export class EmailForm {
  server = $state('');
  port = $state(String(PORTS.start_tls));
  username = $state('');
  password = $state('');
  from = $state('');
  to = $state('');
  /** What is wrong, by field, once it was tried. */
  wrong = $state.raw<Partial<Record<'server' | 'port' | 'from' | 'to' | 'password', string>>>({});
  readonly action = new Action();
  /** Whether a mail server was set up before. */
  readonly known: boolean;
  #security = $state<MailSecurity>('start_tls');
  #backend: Backend;
  #before: Email | null;

  constructor(backend: Backend, email: Email | null) {
    this.#backend = backend;
    this.#before = email;
    this.known = email !== null;
    if (email === null) return;
    this.server = email.server;
    this.port = String(email.port);
    this.#security = email.security;
    this.username = email.username ?? '';
    this.from = email.from;
    this.to = email.to;
  }

  get security(): MailSecurity {
    return this.#security;
  }

  /** Takes the usual port along unless another one was typed. */
  set security(security: MailSecurity) {
    if (this.port.trim() === String(PORTS[this.#security])) this.port = String(PORTS[security]);
    this.#security = security;
  }

  /** Whether the password that is stored would still be the right one. */
  get keepsPassword(): boolean {
    const before = this.#before;
    return (
      before !== null &&
      before.server === this.server.trim() &&
      before.username !== null &&
      before.username === this.username.trim()
    );
  }

  get error(): AppError | null {
    return this.action.error ?? null;
  }

  /** Gives the channels, or none if something is wrong. */
  async submit(): Promise<ChannelsView | null> {
    this.wrong = this.#look();
    if (Object.keys(this.wrong).length > 0) return null;
    const username = this.username.trim();
    const email: Email = {
      server: this.server.trim(),
      port: Number(this.port),
      security: this.security,
      username: username === '' ? null : username,
      from: this.from.trim(),
      to: this.to.trim(),
    };
    let view: ChannelsView | null = null;
    await this.action.do(async () => {
      const password = this.password === '' ? null : this.password;
      view = await this.#backend.setEmail(email, password);
      this.password = '';
    });
    return view;
  }

  #look(): typeof this.wrong {
    const text = t.notifications.email;
    const port = Number(this.port);
    const isPort = Number.isInteger(port) && port > 0 && port < 65_536;
    const needed = this.username.trim() !== '' && !this.keepsPassword;
    return {
      ...(this.server.trim() === '' ? { server: text.serverEmpty } : {}),
      ...(isPort ? {} : { port: text.portWrong }),
      ...(isAddress(this.from) ? {} : { from: text.addressWrong }),
      ...(isAddress(this.to) ? {} : { to: text.addressWrong }),
      ...(needed && this.password === '' ? { password: text.passwordEmpty } : {}),
    };
  }
}

function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text.trim()) || /<[^\s@]+@[^\s@]+>$/.test(text.trim());
}
