// Runs, items, snapshots and restores in the sample data.
import type { Item, ProjectRow } from '../bindings.ts';
import type { Topic } from '../fake.ts';
import { reject } from './accounts.ts';
import { tokenSort } from './checklist.ts';
import { KINDS } from './company.ts';
import { detailOf, sameItem, versionsOf } from './details.ts';
import { restorePlan } from './restore.ts';
import type { World } from './world.ts';

type Names =
  | 'startBackup'
  | 'cancelRun'
  | 'resumeRun'
  | 'listRuns'
  | 'running'
  | 'getRun'
  | 'listProjects'
  | 'getProject'
  | 'listSnapshots'
  | 'planRestore'
  | 'startRestore'
  | 'exportItem'
  | 'startDrill';

export function runCommands(world: World): Topic<Names> {
  const rowOf = (account: string, item: Item): ProjectRow =>
    world.rows.find((row) => row.account === account && sameItem(row.item, item)) ??
    reject('not_found', 'This item is not known any more.');
  const runOf = (id: string) =>
    world.runs.find((run) => run.id === id) ??
    reject('not_found', 'This run is not known any more.');
  return {
    startBackup: async (plan) => {
      const found = world.plans.find(({ id }) => id === plan);
      if (found === undefined) return reject('not_found', 'This plan is not known any more.');
      return world.start('backup', found.name, { plan });
    },
    cancelRun: async (id) => {
      world.live(id)?.cancel();
      return null;
    },
    resumeRun: async (id, token) => {
      const run = runOf(id);
      if (run.kind === 'restore' && token === null) {
        reject('token', 'The token cannot write.', 'Use one with the scope api.');
      }
      run.resumable = false;
      return world.start(run.kind, run.subject, run.plan === null ? {} : { plan: run.plan });
    },
    listRuns: async () => world.runs,
    running: async () => world.running(),
    getRun: async (id) => detailOf(runOf(id), world.rows),
    listProjects: async () => ({
      rows: world.snapshots.length === 0 ? [] : world.rows,
      kinds: [...KINDS],
      projects: world.snapshots.length === 0 ? 0 : world.projects,
    }),
    getProject: async (account, item) => {
      const row = rowOf(account, item);
      return {
        row,
        sort: item.sort,
        url: `https://gitlab.com/${row.path}`,
        previous_paths: row.path === 'acme/platform/web' ? ['acme/frontend'] : [],
        versions: versionsOf(row, world.snapshots),
      };
    },
    listSnapshots: async () => world.snapshots,
    planRestore: async (request, token) => {
      if (token?.includes('wrong')) {
        reject('token', 'gitlab.com does not know this token.', 'Copy it again.');
      }
      const row = rowOf(request.account, request.item);
      return restorePlan(row, world.rows, world.snapshots, request, token);
    },
    startRestore: async (request, token) => {
      const row = rowOf(request.account, request.item);
      if (token === null || tokenSort(token) !== 'full') {
        reject('token', 'This restore needs a token that may write.');
      }
      return world.start('restore', row.path, {
        result: `https://gitlab.com/${request.destination ?? row.path}`,
      });
    },
    exportItem: async (request) => world.start('export', rowOf(request.account, request.item).path),
    startDrill: async (request) => world.start('drill', rowOf(request.account, request.item).path),
  };
}
