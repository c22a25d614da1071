// What the home screen and the sidebar say about the sample data.
import type { AttentionView, HomeView, Overview, Protection } from '../bindings.ts';
import { days } from './history.ts';
import { attentionOfRecovery } from './recovery.ts';
import { PRESETS, planNow, upcoming } from './schedule.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;

const KEYCHAIN_PROBLEM =
  'The keychain of this computer is locked. Unlock it, or log out and in again, then try again.';

export function overview(world: World): Overview {
  return {
    version: '0.1.0',
    set_up: world.accounts.length > 0 && world.vaults.length > 0 && world.plans.length > 0,
    protection: protection(world),
    accounts: world.accounts.map((account) => ({ ...account })),
    vaults: world.vaults.map((vault) => ({ ...vault })),
    plans: world.plans.map((plan) => planNow(world, plan)),
    attention: attention(world).filter(({ severity }) => severity !== 'info').length,
    running: world.running(),
    keychain_problem: world.switches.keychainLocked ? KEYCHAIN_PROBLEM : null,
    suggested_vault: '/home/mira/Labkeep',
    paused_until: world.pausedUntil,
    copies: world.copies.map((copy) => ({ ...copy })),
    retention_presets: [...PRESETS],
  };
}

export function home(world: World): HomeView {
  const backup = world.runs.find(({ kind, state }) => kind === 'backup' && state === 'ended');
  const drill = world.runs.find(({ kind, outcome }) => kind === 'drill' && outcome === 'complete');
  const stored = world.vaults.reduce((sum, vault) => sum + (vault.stored_bytes ?? 0), 0);
  const latest = world.snapshots[0];
  const planned = upcoming(world);
  return {
    protection: protection(world),
    projects: latest?.projects ?? 0,
    groups: latest?.groups ?? 0,
    never_saved: world.rows.filter(({ last_saved_at }) => last_saved_at === null).length,
    stale: world.rows.filter(({ cells }) => cells.some((cell) => cell.stale_since !== null)).length,
    unreadable: world.rows.filter(({ cells }) => cells.some(({ state }) => state === 'no_right'))
      .length,
    not_covered:
      latest && world.switches.world !== 'whole'
        ? ['LFS objects of 3 projects', 'container images of 9 projects']
        : [],
    days: days(world.runs, world.now),
    last_backup:
      backup?.ended_at == null
        ? null
        : {
            run: backup.id,
            at: backup.ended_at,
            outcome: backup.outcome ?? 'failed',
            took_ms: backup.ended_at - backup.started_at,
            new_bytes: backup.bytes.stored,
          },
    last_proof: drill?.ended_at == null ? null : { run: drill.id, at: drill.ended_at, items: 38 },
    never_proven: latest
      ? world.rows.filter(({ item, proven_at }) => item.sort === 'project' && proven_at === null)
          .length
      : 0,
    next_backup_at: planned.find(({ kind }) => kind === 'backup')?.at ?? null,
    upcoming: planned,
    paused_until: world.pausedUntil,
    stored_bytes: latest ? stored : null,
    total_bytes: latest?.total_bytes ?? null,
    attention: attention(world),
    running: world.running(),
  };
}

function protection(world: World): Protection {
  if (world.plans.length === 0) return 'not_set_up';
  if (world.running() !== null) return 'running';
  if (world.pausedUntil !== null) return 'paused';
  const needed = attention(world).some(({ severity }) => severity !== 'info');
  return needed ? 'needs_attention' : 'protected';
}

function attention(world: World): AttentionView[] {
  const list: AttentionView[] = attentionOfRecovery(world);
  const plan = world.plans[0];
  if (world.loss !== null && plan !== undefined) {
    list.push({
      key: `loss:${plan.id}`,
      severity: 'danger',
      title: `Much is gone at GitLab: 61 of 226 projects and groups of “${plan.name}”`,
      detail: 'Nothing is removed from the vault until you say that it was meant.',
      remedy: { do: 'answer_loss', plan: plan.id },
    });
  }
  if (world.rows.some(({ distrusted_since }) => distrusted_since !== null)) {
    const vault = world.vaults[0]?.id ?? '';
    list.push({
      key: 'check',
      severity: 'danger',
      title: 'A part of the vault is damaged: 2 projects are affected',
      detail: 'The next backup reads them in full. Then check the vault again.',
      remedy: { do: 'check_vault', vault },
    });
  }
  const account = world.accounts[0];
  const vault = world.vaults[0];
  const run = world.runs[0];
  if (world.lost && vault) {
    list.push({
      key: 'lost',
      severity: 'danger',
      title: 'A part of the vault is damaged: acme/labs/toy is affected',
      detail: 'It is gone at GitLab and cannot be saved again.',
      remedy: { do: 'give_up', vault: vault.id },
    });
  }
  if (world.switches.world === 'errors' && account && vault && run) {
    list.push(
      {
        key: 'token',
        severity: 'danger',
        title: 'The token expired 2 days ago',
        detail: 'No backup can run until a new one is entered.',
        remedy: { do: 'renew_token', account: account.id },
      },
      {
        key: 'failed',
        severity: 'danger',
        title: 'The last backup of “Everything” failed',
        detail: 'GitLab does not accept the token. Nothing new was saved since the day before.',
        remedy: { do: 'show_run', run: run.id },
      },
    );
  }
  if (world.runs.length === 0 && world.plans[0] !== undefined) {
    list.push({
      key: 'never',
      severity: 'danger',
      title: `“${world.plans[0].name}” was never backed up`,
      detail: 'Nothing of it is protected yet.',
      remedy: { do: 'back_up', plan: world.plans[0].id },
    });
  }
  const last = world.runs.find(({ kind, state }) => kind === 'backup' && state === 'ended');
  if (last?.outcome === 'partial') {
    list.push({
      key: 'partial',
      severity: 'danger',
      title: 'Something is missing in the last backup of “Everything”',
      detail: last.reason ?? '',
      remedy: { do: 'show_run', run: last.id },
    });
  }
  const unreadable = world.rows.filter(({ cells }) =>
    cells.some(({ state }) => state === 'no_right'),
  );
  if (world.snapshots.length > 0 && unreadable.length > 0) {
    list.push({
      key: 'unreadable',
      severity: 'info',
      title: `Members of ${unreadable.length} projects are not saved`,
      detail:
        'You are Guest in acme/design/site and acme/design/tokens; reading members needs Reporter.',
      remedy: { do: 'show_projects', filter: 'partial' },
    });
  }
  if (vault?.recovery_kit !== 'saved' && vault !== undefined) {
    list.push({
      key: 'kit',
      severity: 'warning',
      title: 'The recovery kit is not saved',
      detail: 'If this computer is lost, nobody can open the vault without it.',
      remedy: { do: 'save_recovery_kit', vault: vault.id },
    });
  }
  const stopped = world.runs[0];
  if (stopped?.resumable && world.now - (stopped.ended_at ?? 0) < 60 * MINUTE) {
    list.push({
      key: 'unfinished',
      severity: 'warning',
      title: 'The last run did not finish',
      detail: stopped.reason ?? 'It was stopped.',
      remedy: { do: 'resume', run: stopped.id },
    });
  }
  return list;
}
