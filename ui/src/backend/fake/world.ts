// The state behind the sample data: what is set up, what ran, what runs.
import type {
  AccountView,
  ChannelsView,
  CopyView,
  LedgerState,
  LossAlarm,
  PlanInput,
  PlanView,
  PreferencesView,
  ProjectRow,
  RunEvent,
  RunKind,
  RunProgress,
  RunView,
  ShellEvent,
  SnapshotView,
  VaultView,
} from '../bindings.ts';
import type { TokenSort } from './checklist.ts';
import { NO_CHANNELS, sampleChannels } from './channels.ts';
import { company } from './company.ts';
import { sampleCopies, sampleLoss } from './copies.ts';
import { history } from './history.ts';
import { LiveRun, type Ending } from './live.ts';
import { Random } from './random.ts';
import { recover } from './recovery.ts';
import { STANDARD, morning } from './schedule.ts';
import type { Switches } from './switches.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIBIBYTE = 1024 ** 3;

const ENDINGS: Record<Switches['ends'], Ending> = {
  complete: { outcome: 'complete', reason: null, remedy: null },
  partial: {
    outcome: 'partial',
    reason:
      'The merge requests of acme/ops/charts could not be read; its wiki was kept from before.',
    remedy: 'Labkeep tries again with the next backup.',
  },
  failed: {
    outcome: 'failed',
    reason: 'The vault’s folder is full: nothing could be written to /home/mira/Labkeep.',
    remedy: 'Make room on the disk, then back up again.',
  },
};

const PREFERENCES: PreferencesView = {
  start_at_login: true,
  wait_on_battery: true,
  wait_on_metered: true,
  quiet_hours: null,
  notify_success: false,
  guard: { items_percent: 25, contents_percent: 50, at_least: 3 },
  proof: { check_every_days: 7, read_all_days: 56, drill_every_days: 7, drill_items: 5 },
};

/** Half past twelve, every day. */
const DAILY = { every: 'daily', minute: 12 * 60 + 30 } as const;

export class World {
  accounts: AccountView[] = [];
  tokens = new Map<string, TokenSort>();
  vaults: VaultView[] = [];
  plans: PlanView[] = [];
  /** What the token sees at GitLab, whether saved or not. */
  rows: ProjectRow[] = [];
  runs: RunView[] = [];
  snapshots: SnapshotView[] = [];
  appearance;
  preferences: PreferencesView = PREFERENCES;
  channels: ChannelsView = NO_CHANNELS;
  copies: CopyView[] = [];
  pausedUntil: number | null = null;
  /** What is gone at GitLab and nobody has answered for. */
  loss: LossAlarm | null = null;
  /** Snapshots of an opened vault that cannot be read. */
  unread = 0;
  /** Whether something is damaged that is gone at GitLab. */
  lost = false;
  #live: LiveRun[] = [];
  #listeners = new Set<(event: RunEvent) => void>();
  #random = new Random(5);
  readonly switches: Switches;

  constructor(switches: Switches) {
    this.switches = switches;
    this.appearance = switches.appearance;
    if (switches.world === 'recovered')
      recover(this, this.addVault('/media/mira/backup/labkeep', 'Backups'));
    else if (switches.world !== 'empty') this.#settle();
    this.#add();
  }

  get now(): number {
    return this.switches.clock();
  }

  /** A company that has used Labkeep for six weeks. */
  #settle(): void {
    const { world } = this.switches;
    const account = this.addAccount('https://gitlab.com', world === 'errors' ? 'expiring' : 'read');
    const vault = this.addVault('/media/mira/backup/labkeep', 'Backups');
    vault.recovery_kit = 'saved';
    vault.last_checked_at = this.now - 9 * DAY;
    vault.all_read_at = this.now - 51 * DAY;
    vault.next_check_at = morning(this.now + 3 * DAY) + 7 * HOUR;
    vault.stored_bytes = 18.4 * GIBIBYTE;
    const name = 'Everything';
    const plan = { account: account.id, vault: vault.id, include: [], exclude: [], kinds: null };
    this.addPlan({
      name,
      ...plan,
      schedule: DAILY,
      retention: STANDARD,
      retention_open: this.switches.also.has('open'),
    });
    this.rows = company(account.id, this.now, world === 'many' ? 10_000 : undefined);
    if (world === 'fresh') {
      this.rows = unsaved(this.rows);
      vault.stored_bytes = 0;
      vault.last_checked_at = null;
      return;
    }
    const past = history(
      { projects: this.projects, groups: this.groups, plan: name, vault: vault.id },
      this.now,
    );
    this.runs = past.runs;
    this.snapshots = past.snapshots;
    vault.snapshots = this.snapshots.length;
    if (world === 'errors') this.#break(account, vault);
    if (world === 'partial') this.#leaveOut();
    // A backup that left something out would not have ended Complete.
    else if (world === 'whole')
      this.rows = this.rows.map((row) => healed(row, ['failed', 'no_right']));
    else this.rows = this.rows.map((row) => healed(row, ['failed']));
    if (world === 'running') this.start('backup', name, { plan: 'plan-1', at: 0.6, ago: 95_000 });
  }

  /** What the address asks for beside the company. */
  #add(): void {
    const { also } = this.switches;
    if (also.has('paused')) this.pausedUntil = morning(this.now + DAY);
    if (also.has('loss')) this.loss = sampleLoss(this);
    this.lost = also.has('lost');
    if (also.has('channels')) this.channels = sampleChannels(this.now);
    if (also.has('copies') || also.has('behind')) this.copies = sampleCopies(this, STANDARD);
    if (!also.has('damaged')) return;
    const [, second] = this.snapshots;
    if (second) second.damaged = true;
    this.rows = this.rows.map((row) =>
      row.path === 'acme/platform/deploy' || row.path === 'acme/platform/web'
        ? { ...row, distrusted_since: this.now - 3 * 3_600_000 }
        : row,
    );
  }

  #break(account: AccountView, vault: VaultView): void {
    account.token_days_left = -2;
    account.token_expires_at = this.now - 2 * DAY;
    vault.reachable = false;
    vault.problem =
      'The folder /media/mira/backup/labkeep is not there. If it is on a removable drive or a network share, connect it.';
    vault.recovery_kit = 'pending';
    const last = this.runs.find(({ kind }) => kind === 'backup');
    if (last === undefined) return;
    last.outcome = 'failed';
    last.reason = 'GitLab does not accept the token: it expired two days ago.';
    last.remedy = 'Create a new token and enter it under Settings.';
    last.snapshot = null;
    last.bytes = { received: 0, stored: 0 };
    this.snapshots.shift();
  }

  /** The last backup ends Partial. */
  #leaveOut(): void {
    const last = this.runs.find(({ kind }) => kind === 'backup');
    if (last === undefined) return;
    Object.assign(last, ENDINGS.partial);
    last.items.failed = 1;
    last.items.unchanged -= 1;
    last.missing = 1;
    const latest = this.snapshots[0];
    if (latest) latest.outcome = 'partial';
  }

  get projects(): number {
    return this.rows.filter(({ item }) => item.sort === 'project').length;
  }

  get groups(): number {
    return this.rows.filter(({ item }) => item.sort === 'group').length;
  }

  addAccount(url: string, sort: TokenSort): AccountView {
    const host = new URL(url).host;
    const id = `account-${this.accounts.length + 1}`;
    const username = sort === 'code' ? null : 'mira';
    const days = sort === 'expiring' ? 9 : 339;
    const account: AccountView = {
      id,
      name: username === null ? host : `${host} · @${username}`,
      url,
      host,
      username,
      token_expires_at: this.now + days * DAY,
      token_days_left: days,
    };
    this.accounts.push(account);
    this.tokens.set(id, sort);
    if (this.rows.length === 0) this.rows = unsaved(company(id, this.now));
    return account;
  }

  addVault(location: string, name: string): VaultView {
    const vault: VaultView = {
      id: `vault-${this.vaults.length + 1}`,
      name,
      location,
      reachable: true,
      problem: null,
      stored_bytes: 0,
      snapshots: 0,
      free_bytes: 412 * GIBIBYTE,
      recovery_kit: 'pending',
      last_checked_at: null,
      all_read_at: null,
      next_check_at: null,
    };
    this.vaults.push(vault);
    return vault;
  }

  addPlan(input: PlanInput): PlanView {
    const plan: PlanView = {
      id: `plan-${this.plans.length + 1}`,
      ...input,
      next_at: null,
      waits_for: null,
      loss: null,
    };
    if (plan.name === '') plan.name = 'Everything';
    this.plans.push(plan);
    return plan;
  }

  listen(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A browser has no shell around the window; one event can be asked for. */
  listenToShell(listener: (event: ShellEvent) => void): () => void {
    if (!this.switches.also.has('minimised')) return () => undefined;
    const timer = setTimeout(() => listener({ what: 'minimised' }), 0);
    return () => clearTimeout(timer);
  }

  emit(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  live(id: string): LiveRun | undefined {
    return this.#live.find(({ run, ended }) => run.id === id && !ended);
  }

  running(): RunProgress | null {
    return this.#live.find(({ ended }) => !ended)?.progress() ?? null;
  }

  start(
    kind: RunKind,
    subject: string,
    more: { plan?: string; result?: string; at?: number; ago?: number } = {},
  ): string {
    const items = kind === 'backup' ? this.rows.map(({ path }) => path) : [subject];
    const run: RunView = {
      id: `run-live-${this.runs.length + 1}`,
      kind,
      subject,
      plan: more.plan ?? null,
      state: 'running',
      outcome: null,
      reason: null,
      remedy: null,
      started_at: this.now - (more.ago ?? 0),
      ended_at: null,
      snapshot: null,
      items: { total: items.length, captured: 0, unchanged: 0, stale: 0, failed: 0 },
      bytes: { received: 0, stored: 0 },
      requests: { api: 0, git: 0, registry: 0, lfs: 0 },
      missing: 0,
      resumable: false,
      result_url: null,
    };
    const live = new LiveRun({
      run,
      items,
      length: kind === 'backup' ? 150_000 : 60_000,
      speed: this.switches.speed,
      clock: this.switches.clock,
      ends: ENDINGS[kind === 'backup' ? this.switches.ends : 'complete'],
      emit: (event) => this.emit(event),
      ended: (ended, cancelled) => this.#ended(ended, cancelled, more.result ?? null),
      ...(more.at === undefined ? {} : { at: more.at }),
    });
    this.#live.push(live);
    this.runs.unshift(run);
    this.emit({ type: 'started', run: run.id });
    live.start();
    return run.id;
  }

  #ended(run: RunView, cancelled: boolean, result: string | null): void {
    if (!cancelled && run.kind === 'backup' && run.outcome !== 'failed') this.#save(run);
    if (!cancelled && run.kind === 'verify') {
      for (const vault of this.vaults) vault.last_checked_at = this.now;
    }
    if (!cancelled) run.result_url = result;
    this.emit({ type: 'ended', run: run.id, outcome: run.outcome ?? 'failed' });
    this.emit({ type: 'changed' });
  }

  #save(run: RunView): void {
    const plan = this.plans.find(({ id }) => id === run.plan);
    const partial = run.outcome === 'partial';
    run.items.failed = partial ? 1 : 0;
    run.missing = partial ? 1 : 0;
    run.items.captured = run.items.total - run.items.failed;
    run.bytes = { received: 640 * 1024 ** 2, stored: 148 * 1024 ** 2 };
    run.requests.api = 3_112;
    run.snapshot = this.#random.hex(64);
    this.rows = this.rows.map((row) => ({
      ...row,
      last_saved_at: row.gone_since ? row.last_saved_at : this.now,
      protected: true,
    }));
    this.snapshots.unshift({
      id: run.snapshot,
      vault: plan?.vault ?? 'vault-1',
      plan: run.subject,
      at: run.started_at,
      outcome: run.outcome ?? 'complete',
      groups: this.groups,
      projects: this.projects,
      new_bytes: run.bytes.stored,
      total_bytes: 61.2 * GIBIBYTE,
      proven_at: null,
      run: run.id,
      stale: 0,
      pinned: false,
      damaged: false,
    });
    for (const vault of this.vaults) {
      if (vault.id !== plan?.vault) continue;
      vault.snapshots = (vault.snapshots ?? 0) + 1;
      vault.stored_bytes = (vault.stored_bytes ?? 0) + run.bytes.stored;
    }
  }
}

/** The row as it is when what was in one of these states could be read. */
function healed(row: ProjectRow, states: readonly LedgerState[]): ProjectRow {
  if (!row.cells.some(({ state }) => states.includes(state))) return row;
  return {
    ...row,
    remarks: [],
    cells: row.cells.map((cell) =>
      states.includes(cell.state)
        ? { ...cell, state: 'saved', stale_since: null, reason: null }
        : cell,
    ),
  };
}

/** The company before its first backup. */
function unsaved(rows: ProjectRow[]): ProjectRow[] {
  return rows
    .filter(({ gone_since }) => gone_since === null)
    .map((row) => ({ ...row, last_saved_at: null, proven_at: null, remarks: [] }));
}
