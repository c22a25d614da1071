// A new token for a known account. It is held until it was accepted or refused.
import type { Backend } from '../backend/backend.ts';
import type { AccountView, AppError, Connected, TokenPurpose } from '../backend/bindings.ts';
import { t } from '../texts/index.ts';
import { Action } from './loadable.svelte.ts';

export class ReplaceToken {
  token = $state('');
  purpose = $state<TokenPurpose>('back_up_everything');
  lacking = $state<string | null>(null);
  readonly action = new Action();
  #backend: Backend;
  #account: AccountView;

  constructor(backend: Backend, account: AccountView, purpose: TokenPurpose) {
    this.#backend = backend;
    this.#account = account;
    this.purpose = purpose;
  }

  get tokenError(): AppError | string | null {
    const error = this.action.error;
    if (error?.code === 'token') return error;
    return this.lacking;
  }

  get otherError(): AppError | null {
    const error = this.action.error;
    return error && error !== this.tokenError ? error : null;
  }

  async openPage(): Promise<void> {
    await this.action.do(async () => {
      await this.#backend.openTokenPage(this.#account.url, this.purpose);
    });
  }

  /** Gives the account with its new checklist, or none if it was refused. */
  async submit(): Promise<Connected | null> {
    const token = this.token.trim();
    this.lacking = token === '' ? t.setup.connect.tokenEmpty : null;
    if (token === '') return null;
    let connected: Connected | null = null;
    const done = await this.action.do(async () => {
      const request = { url: this.#account.url, ca_file: null, account: this.#account.id };
      connected = await this.#backend.connectAccount(request, token);
    });
    if (done || this.action.error?.code === 'token') this.token = '';
    return connected;
  }
}
