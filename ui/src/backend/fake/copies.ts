// Second copies, retention, pins and the deletion guard in the sample data.
import type { CopyInput, CopyView, LossAlarm, PruneLine, Retention } from '../bindings.ts';
import type { Topic } from '../fake.ts';
import { numbersOf } from '../../rules/retention.ts';
import { reject } from './accounts.ts';
import type { World } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Names =
  | 'createCopy'
  | 'updateCopy'
  | 'removeCopy'
  | 'startCopy'
  | 'planPrune'
  | 'startPrune'
  | 'previewRetention'
  | 'pinSnapshot'
  | 'setImportant'
  | 'answerLoss';

export function copyCommands(world: World): Topic<Names> {
  const find = (id: string): CopyView =>
    world.copies.find((copy) => copy.id === id) ??
    reject('not_found', 'This second copy is not known any more.');
  const plan = (vault: string, retention: Retention) => {
    if (world.loss !== null) {
      reject(
        'refused',
        'Much is gone at GitLab, so nothing is removed from the vault.',
        'Say on Home whether that was meant.',
      );
    }
    return { vault, snapshots: decide(world, retention), bytes_unused: 1.2 * 1024 ** 3 };
  };
  const retentionOf = (vault: string): Retention =>
    world.plans.find((one) => one.vault === vault)?.retention ??
    reject('not_found', 'No plan keeps its copies here.');
  const changed = (): null => {
    world.emit({ type: 'changed' });
    return null;
  };
  return {
    createCopy: async (input) => {
      refuse(world, input);
      const copy = view(`copy-${world.copies.length + 1}`, input, null);
      world.copies = [...world.copies, { ...copy, behind: world.snapshots.length }];
      changed();
      return copy;
    },
    updateCopy: async (id, input) => {
      const copy = { ...find(id), ...input };
      world.copies = world.copies.map((one) => (one.id === id ? copy : one));
      changed();
      return copy;
    },
    removeCopy: async (id) => {
      find(id);
      world.copies = world.copies.filter((copy) => copy.id !== id);
      return changed();
    },
    startCopy: async (id) => {
      const copy = find(id);
      Object.assign(copy, { behind: 0, copied_at: world.now, problem: null, waits_for: null });
      const name = world.vaults.find((vault) => vault.id === copy.from)?.name ?? '';
      return world.start('copy', name);
    },
    planPrune: async (vault) => plan(vault, retentionOf(vault)),
    previewRetention: async (id, retention) => {
      const found = world.plans.find((one) => one.id === id);
      return plan(found?.vault ?? reject('not_found', 'This plan is gone.'), retention);
    },
    startPrune: async ({ vault, snapshots }) => {
      const goes = new Set(snapshots.filter(({ stays }) => !stays).map(({ id }) => id));
      world.snapshots = world.snapshots.filter(({ id }) => !goes.has(id));
      return world.start('prune', world.vaults.find(({ id }) => id === vault)?.name ?? '');
    },
    pinSnapshot: async (id, pinned) => {
      const snapshot = world.snapshots.find((one) => one.id === id);
      if (snapshot === undefined) reject('not_found', 'This snapshot is not known any more.');
      else snapshot.pinned = pinned;
      return changed();
    },
    setImportant: async (account, item, important) => {
      world.rows = world.rows.map((row) =>
        row.account === account && row.item.sort === item.sort && row.item.id === item.id
          ? { ...row, important }
          : row,
      );
      return changed();
    },
    answerLoss: async (_, meant) => {
      const before = world.snapshots[1];
      if (meant) world.loss = null;
      else if (before !== undefined) before.pinned = true;
      changed();
      const message = meant
        ? 'It was meant. The alarm is over.'
        : 'The last snapshot from before the loss is kept for ever.';
      const hint = meant
        ? 'Vaults are pruned again. The last whole copy of everything stays all the same.'
        : 'Open acme/platform/web under Projects and restore the version from before.';
      const pinned = meant ? null : (before?.id ?? null);
      return { ended: meant, pinned, advice: { message, hint } };
    },
  };
}

function view(id: string, input: CopyInput, copied_at: number | null): CopyView {
  return { id, ...input, copied_at, behind: 0, waits_for: null, problem: null };
}

function refuse(world: World, input: CopyInput): void {
  if (world.copies.some(({ from, to }) => from === input.from && to === input.to)) {
    reject('refused', 'This vault is copied there already.');
  }
}

/** Copies of the first vault: one that is whole, or one that has trouble. */
export function sampleCopies(world: World, retention: Retention): CopyView[] {
  const from = world.vaults[0]?.id ?? '';
  const disk = world.addVault('/media/mira/offsite/labkeep', 'Offsite disk');
  disk.recovery_kit = 'saved';
  disk.stored_bytes = 17.1 * 1024 ** 3;
  disk.snapshots = 43;
  disk.last_checked_at = world.now - 9 * DAY;
  const copy = view('copy-1', { from, to: disk.id, retention }, world.now - 2 * HOUR);
  if (!world.switches.also.has('behind')) return [copy];
  disk.reachable = false;
  const share = world.addVault('/mnt/nas/labkeep', 'NAS');
  share.recovery_kit = 'saved';
  const away = {
    behind: 4,
    waits_for: 'the drive of Offsite disk',
    copied_at: world.now - 5 * DAY,
  };
  const full = view('copy-2', { from, to: share.id, retention }, null);
  const problem = 'There is no room left in /mnt/nas/labkeep. Make room, then copy again.';
  return [
    { ...copy, ...away },
    { ...full, behind: 43, problem },
  ];
}

/** A loss that nobody has answered for. */
export function sampleLoss(world: World): LossAlarm {
  return {
    snapshot: world.snapshots[0]?.id ?? '',
    at: world.snapshots[0]?.at ?? world.now,
    last: world.snapshots[0]?.at ?? world.now,
    losses: [
      { path: null, of: 'items', before: 226, gone: 61 },
      { path: 'acme/platform/web', of: 'refs', before: 275, gone: 214 },
      { path: 'acme/support/portal', of: 'issues', before: 1_204, gone: 873 },
      { path: 'acme/website/handbook', of: 'wiki_refs', before: 1, gone: 1 },
    ],
  };
}

/** The newest of each day, week and month, as the engine decides. */
function decide(world: World, wanted: Retention): PruneLine[] {
  const retention = numbersOf(wanted);
  const kept = new Map<string, string>();
  const keep = (why: string, number: number, bucketOf: (at: Date) => string): void => {
    let left = number;
    let last = '';
    for (const { id, at } of world.snapshots) {
      const bucket = bucketOf(new Date(at));
      if (left === 0 || bucket === last) continue;
      last = bucket;
      left -= 1;
      if (!kept.has(id)) kept.set(id, why);
    }
  };
  const newest = world.snapshots[0];
  if (newest !== undefined) kept.set(newest.id, 'the newest');
  for (const { id } of world.snapshots.filter(({ pinned }) => pinned)) kept.set(id, 'pinned');
  keep('last', retention.last, (at) => String(at.getTime()));
  keep('daily', retention.daily, (at) => at.toDateString());
  keep('weekly', retention.weekly, (at) => String(Math.floor((at.getTime() / DAY + 3) / 7)));
  keep('monthly', retention.monthly, (at) => `${at.getFullYear()} ${at.getMonth()}`);
  keep('yearly', retention.yearly, (at) => String(at.getFullYear()));
  const oldest = world.snapshots.at(-1);
  if (oldest !== undefined && !kept.has(oldest.id)) {
    kept.set(oldest.id, 'the last whole copy of 1 item');
  }
  return world.snapshots.map(({ id, plan, at }) => ({
    id,
    plan,
    at,
    stays: kept.has(id),
    why: kept.get(id) ?? 'kept by no rule',
  }));
}
