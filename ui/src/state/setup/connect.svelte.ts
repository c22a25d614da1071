// The Connect step: where, with which token, for what. The token is held only
// until it was accepted or refused.
import type { Backend } from '../../backend/backend.ts';
import type { AccountView, AppError, ChecklistView, TokenPurpose } from '../../backend/bindings.ts';
import { t } from '../../texts/index.ts';
import { Action } from '../loadable.svelte.ts';

/** Stands for an account that is not known yet. */
export const ANOTHER = '';

export class Connect {
  url = $state('https://gitlab.com');
  token = $state('');
  purpose = $state<TokenPurpose>('back_up_everything');
  caFile = $state<string | null>(null);
  /** ID of a known account, or `ANOTHER`. */
  choice = $state(ANOTHER);
  account = $state.raw<AccountView | null>(null);
  checklist = $state.raw<ChecklistView | null>(null);
  readonly action = new Action();
  /** A token that is not there, said without asking anybody. */
  lacking = $state<string | null>(null);
  #backend: Backend;

  constructor(backend: Backend, known: readonly AccountView[]) {
    this.#backend = backend;
    this.choice = known.at(-1)?.id ?? ANOTHER;
  }

  get tokenError(): AppError | string | null {
    const error = this.action.error;
    if (error?.code === 'token') return error;
    return this.lacking;
  }

  get addressError(): AppError | null {
    const error = this.action.error;
    return error?.code === 'address' ? error : null;
  }

  get otherError(): AppError | null {
    const error = this.action.error;
    return error && this.tokenError !== error && this.addressError !== error ? error : null;
  }

  /** Signs in; gives whether there is an account with a checklist now. */
  async submit(known: readonly AccountView[]): Promise<boolean> {
    const chosen = known.find(({ id }) => id === this.choice) ?? null;
    this.lacking = null;
    const token = this.token.trim();
    if (token === '' && chosen === null) {
      this.lacking = t.setup.connect.tokenEmpty;
      return false;
    }
    const done = await this.action.do(async () => {
      if (token === '' && chosen !== null) {
        this.checklist = await this.#backend.checkAccount(chosen.id);
        this.account = chosen;
        return;
      }
      const request = {
        url: chosen?.url ?? this.url,
        ca_file: this.caFile,
        account: chosen?.id ?? null,
      };
      const { account, checklist } = await this.#backend.connectAccount(request, token);
      this.account = account;
      this.checklist = checklist;
      this.choice = account.id;
    });
    if (done || this.action.error?.code === 'token') this.token = '';
    return done;
  }

  async chooseCa(): Promise<void> {
    await this.action.do(async () => {
      const file = await this.#backend.chooseFile();
      if (file !== null) this.caFile = file;
    });
  }
}
