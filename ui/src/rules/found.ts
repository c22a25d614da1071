// What a vault brought back that another computer had made, counted for people.
import type {
  AttentionView,
  HomeView,
  Outcome,
  Overview,
  PlanView,
  ProjectsView,
  SnapshotView,
  VaultView,
} from '../backend/bindings.ts';

export type Found = {
  vault: VaultView;
  snapshots: number;
  /** When the oldest of them was made; none if there are none. */
  oldest_at: number | null;
  last: { at: number; outcome: Outcome } | null;
  projects: number;
  /** How many of the projects are gone at GitLab. */
  gone: number;
  plans: readonly PlanView[];
  /** Second copies from or to the vault. */
  copies: number;
  /** What could not be read of it, and accounts that need a token. */
  attention: readonly AttentionView[];
  /** Whether something of it could not be read. */
  gaps: boolean;
};

export function foundIn(
  vault: VaultView,
  overview: Overview,
  home: HomeView,
  snapshots: readonly SnapshotView[],
  projects: ProjectsView,
): Found {
  const its = snapshots.filter((snapshot) => snapshot.vault === vault.id);
  const newest = its.reduce<SnapshotView | null>(
    (last, one) => (last === null || one.at > last.at ? one : last),
    null,
  );
  const saved = projects.rows.filter(
    ({ item, cells, last_saved_at, gone_since }) =>
      item.sort === 'project' &&
      (cells.length > 0 || last_saved_at !== null || gone_since !== null),
  );
  const unread = unreadKey(vault.id);
  const attention = home.attention.filter(
    ({ key, remedy }) => key === unread || remedy?.do === 'renew_token',
  );
  return {
    vault: overview.vaults.find(({ id }) => id === vault.id) ?? vault,
    snapshots: its.length,
    oldest_at: its.length === 0 ? null : Math.min(...its.map(({ at }) => at)),
    last: newest === null ? null : { at: newest.at, outcome: newest.outcome },
    projects: its.length === 0 ? 0 : saved.length,
    gone: saved.filter(({ gone_since }) => gone_since !== null).length,
    plans: overview.plans.filter((plan) => plan.vault === vault.id),
    copies: overview.copies.filter(({ from, to }) => from === vault.id || to === vault.id).length,
    attention,
    gaps: attention.some(({ key }) => key === unread),
  };
}

/** What the whole of it comes to. */
export type Face = 'back' | 'with_gaps' | 'no_plan' | 'empty';

/** Never better than the truth. */
export function faceOf(found: Found): Face {
  if (found.snapshots === 0 && !found.gaps) return 'empty';
  if (found.plans.length === 0) return 'no_plan';
  return found.gaps ? 'with_gaps' : 'back';
}

/** The key of the line that says what of a vault cannot be read. */
function unreadKey(vault: string): string {
  return `unread:${vault}`;
}
