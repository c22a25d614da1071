// What a vault brings back that another computer had made: everything but
// tokens and proofs.
import type { AttentionView, VaultView } from '../bindings.ts';
import { company } from './company.ts';
import { history } from './history.ts';
import { STANDARD } from './schedule.ts';
import type { World } from './world.ts';

const GIBIBYTE = 1024 ** 3;
const DAY = 24 * 3_600_000;
const INSTANCE = 'https://gitlab.com';
/** Days since the other computer was lost. */
const LOST = 3;

export function recover(world: World, vault: VaultView): void {
  const account =
    world.accounts.find(({ url }) => url === INSTANCE) ?? accountWithoutToken(world, INSTANCE);
  const lost = world.now - LOST * DAY;
  const name = 'Everything';
  world.addPlan({
    name,
    account: account.id,
    vault: vault.id,
    include: [],
    exclude: [],
    kinds: null,
    schedule: { every: 'daily', minute: 12 * 60 + 30 },
    retention: STANDARD,
    retention_open: false,
  });
  world.rows = company(account.id, lost).map((row) => ({ ...row, proven_at: null }));
  const { projects, groups } = world;
  const past = history({ projects, groups, plan: name, vault: vault.id }, lost);
  world.snapshots = past.snapshots.map((snapshot) => ({ ...snapshot, proven_at: null }));
  const saved = new Set(past.snapshots.map(({ run }) => run));
  world.runs = past.runs
    .filter(({ id }) => saved.has(id))
    .map((run) => ({ ...run, elsewhere: 'mira-laptop' }));
  vault.recovery_kit = 'saved';
  vault.stored_bytes = 18.4 * GIBIBYTE;
  vault.snapshots = world.snapshots.length;
  world.unread = world.switches.also.has('unread') ? 2 : 0;
}

function accountWithoutToken(world: World, url: string) {
  const account = world.addAccount(url, 'code');
  world.tokens.delete(account.id);
  return Object.assign(account, { token_expires_at: null, token_days_left: null });
}

/** What is still missing since then. */
export function attentionOfRecovery(world: World): AttentionView[] {
  const list: AttentionView[] = [];
  for (const account of world.accounts) {
    const plan = world.plans.find((one) => one.account === account.id);
    if (plan === undefined || world.tokens.has(account.id)) continue;
    list.push({
      key: `token:${account.id}`,
      severity: 'danger',
      title: `${account.name} needs a token`,
      detail: `Nothing of “${plan.name}” is backed up until one is entered. What is in the vault can be restored and exported.`,
      remedy: { do: 'renew_token', account: account.id },
    });
  }
  const vault = world.vaults[0];
  if (world.unread > 0 && vault !== undefined) {
    list.push({
      key: `unread:${vault.id}`,
      severity: 'danger',
      title: `Not everything in ${vault.name} can be read`,
      detail: `${world.unread} snapshots of this vault cannot be read: a part of them is damaged. Check the vault.`,
      remedy: { do: 'check_vault', vault: vault.id },
    });
  }
  return list;
}
