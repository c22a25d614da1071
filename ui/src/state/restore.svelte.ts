// One restore from its plan to its report. The token that may write is held
// here only while the dialog is open and until the run has it.
import type { Backend } from '../backend/backend.ts';
import type {
  AppError,
  Item,
  Kind,
  PlanLine,
  RestorePlanView,
  RestoreRequest,
} from '../backend/bindings.ts';
import { t } from '../texts/index.ts';
import { Action, Loadable } from './loadable.svelte.ts';

export class Restore {
  readonly plan: Loadable<RestorePlanView>;
  readonly action = new Action();
  token = $state('');
  lacking = $state<string | null>(null);
  /** The plan became another one with the token; it wants a second look. */
  changed = $state(false);
  /** The run, once it has started. */
  run = $state<string | null>(null);
  /** Whether a token of the user's was accepted and waits for the start. */
  held = $state(false);
  #accepted: string | null = null;
  #backend: Backend;
  #request: RestoreRequest;

  constructor(backend: Backend, account: string, item: Item, snapshot: string | null) {
    this.#backend = backend;
    this.#request = { account, item, snapshot, destination: null, kinds: null };
    this.plan = new Loadable(() => backend.planRestore(this.#request, this.#accepted));
  }

  get needsToken(): boolean {
    return this.plan.value?.token.need === 'write';
  }

  get kinds(): readonly Kind[] | null {
    return this.plan.value?.request.kinds ?? null;
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

  /** Plans again with something changed. */
  async change(
    change: Partial<Pick<RestoreRequest, 'snapshot' | 'destination' | 'kinds'>>,
  ): Promise<void> {
    this.#request = { ...this.#request, ...change };
    this.changed = false;
    await this.plan.load();
  }

  async openTokenPage(): Promise<void> {
    const need = this.plan.value?.token;
    if (need?.need !== 'write') return;
    await this.action.do(async () => {
      await this.#backend.openLink(need.page);
    });
  }

  /** Starts; a token is tried first, and if it changes the plan, shown first. */
  async start(): Promise<void> {
    const before = this.plan.value;
    if (before === undefined || before.blocker !== null) return;
    const token = this.token.trim();
    this.lacking = this.needsToken && token === '' ? t.restore.tokenEmpty : null;
    if (this.lacking !== null) return;
    await this.action.do(async () => {
      if (this.needsToken && !(await this.#accept(token, before))) return;
      const request = this.plan.value?.request ?? this.#request;
      this.run = await this.#backend.startRestore(request, this.#accepted);
      this.#accepted = null;
      this.held = false;
    });
    if (this.action.error?.code === 'token') this.token = '';
  }

  /** Plans with the token; gives whether the restore can start as it was shown. */
  async #accept(token: string, before: RestorePlanView): Promise<boolean> {
    const plan = await this.#backend.planRestore(this.#request, token);
    if (plan.token.need === 'write') {
      this.lacking = plan.token.reason;
      return false;
    }
    this.#accepted = token;
    this.held = true;
    this.token = '';
    this.plan.value = plan;
    this.changed = !sameLines(before.lines, plan.lines);
    return !this.changed && plan.blocker === null;
  }
}

function sameLines(before: readonly PlanLine[], after: readonly PlanLine[]): boolean {
  return (
    before.length === after.length &&
    before.every(
      (line, index) => line.mark === after[index]?.mark && line.text === after[index]?.text,
    )
  );
}
