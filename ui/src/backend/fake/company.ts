// An invented company: groups, projects and what is saved of them, in tree
// order as the engine gives it.
import type { Cell, Kind, LedgerState, ProjectRow, Sort } from '../bindings.ts';
import { Random } from './random.ts';

export const KINDS: readonly Kind[] = [
  'repository',
  'wiki',
  'issues',
  'merge_requests',
  'labels',
  'milestones',
  'members',
  'settings',
];

const GROUP_KINDS: readonly Kind[] = ['labels', 'milestones', 'members', 'settings'];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MEBIBYTE = 1024 * 1024;

type Plot = { path: string; projects: string[]; more: number };

/** Groups of the demo with projects that the pictures and tests know by name. */
const DEMO: readonly Plot[] = [
  { path: 'acme', projects: [], more: 0 },
  { path: 'acme/design', projects: ['site', 'tokens'], more: 2 },
  { path: 'acme/ops', projects: ['charts', 'old-monitoring', 'runbooks'], more: 2 },
  { path: 'acme/platform', projects: ['api-server', 'deploy', 'web'], more: 0 },
  { path: 'acme/research', projects: ['warehouse'], more: 25 },
  { path: 'acme/research/pipelines', projects: [], more: 24 },
  { path: 'acme/services', projects: [], more: 53 },
  { path: 'acme/shared', projects: [], more: 32 },
  { path: 'acme/support', projects: ['portal', 'status'], more: 4 },
  { path: 'acme/website', projects: ['docs', 'handbook'], more: 8 },
  { path: 'labs', projects: [], more: 20 },
  { path: 'labs/prototypes', projects: [], more: 29 },
  { path: 'mira', projects: ['dotfiles', 'notes'], more: 0 },
];

const FIRST = [
  'account', 'alert', 'audit', 'billing', 'booking', 'cache', 'catalogue', 'checkout', 'contract',
  'currency', 'delivery', 'device', 'event', 'feature', 'geo', 'identity', 'image', 'inventory',
  'invoice', 'ledger', 'mail', 'media', 'metric', 'notice', 'order', 'partner', 'payment', 'price',
  'profile', 'queue', 'rate', 'report', 'return', 'search', 'session', 'shipping', 'stock', 'tax',
  'tenant', 'ticket', 'token', 'trace', 'vendor', 'webhook',
]; // prettier-ignore

const SECOND = [
  'adapter', 'agent', 'api', 'bridge', 'client', 'core', 'exporter', 'gateway', 'importer', 'kit',
  'model', 'proxy', 'relay', 'router', 'schema', 'service', 'store', 'sync', 'tools', 'worker',
]; // prettier-ignore

/** The demo of 214 projects, or `many` projects in groups of a large company. */
export function company(account: string, now: number, many?: number): ProjectRow[] {
  const random = new Random(many ?? 7);
  const plots = many === undefined ? DEMO : largeCompany(many, random);
  const rows: ProjectRow[] = [];
  const ids = { group: 100, project: 4_000 };
  for (const plot of plots) {
    if (plot.path !== 'mira') {
      ids.group += 3;
      rows.push(row(account, 'group', ids.group, plot.path, groupCells(random), now));
    }
    for (const name of namesOf(plot, random)) {
      ids.project += random.between(1, 9);
      rows.push(projectRow(account, ids.project, `${plot.path}/${name}`, now, random));
    }
  }
  return inTreeOrder(rows);
}

function namesOf(plot: Plot, random: Random): string[] {
  const names = new Set(plot.projects);
  while (names.size < plot.projects.length + plot.more) {
    const base = `${random.pick(FIRST)}-${random.pick(SECOND)}`;
    names.add(names.has(base) ? `${base}-${random.between(2, 99)}` : base);
  }
  return [...names];
}

function largeCompany(projects: number, random: Random): Plot[] {
  const plots: Plot[] = [];
  const areas = Math.max(1, Math.round(projects / 400));
  let left = projects;
  for (let area = 1; area <= areas; area += 1) {
    const name = `division-${String(area).padStart(2, '0')}`;
    plots.push({ path: name, projects: [], more: 0 });
    const teams = 10;
    for (let team = 1; team <= teams; team += 1) {
      const last = area === areas && team === teams;
      const more = last ? left : Math.min(left, random.between(36, 44));
      left -= more;
      plots.push({ path: `${name}/team-${String(team).padStart(2, '0')}`, projects: [], more });
    }
  }
  return plots;
}

/** Groups before projects on each level, then by name; parents first. */
function inTreeOrder(rows: ProjectRow[]): ProjectRow[] {
  const key = (row: ProjectRow): string => {
    const parts = row.path.split('/');
    return parts
      .map((part, index) => {
        const isProject = row.item.sort === 'project' && index === parts.length - 1;
        return `${isProject ? '2' : '1'}${part}`;
      })
      .join('/');
  };
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
}

function groupCells(random: Random): Cell[] {
  return GROUP_KINDS.map((kind) =>
    cell(kind, kind === 'milestones' && random.chance(0.5) ? 'empty' : 'unchanged'),
  );
}

function cell(kind: Kind, state: LedgerState, reason: string | null = null): Cell {
  return { kind, state, stale_since: null, reason };
}

function projectCells(random: Random): Cell[] {
  const size = random.next();
  return KINDS.map((kind) => {
    if (kind === 'wiki' && random.chance(0.55))
      return cell(kind, random.chance(0.5) ? 'empty' : 'feature_off');
    if (kind === 'milestones' && random.chance(0.5)) return cell(kind, 'empty');
    if (kind === 'issues' && size < 0.15) return cell(kind, 'feature_off');
    if (kind === 'merge_requests' && size < 0.1) return cell(kind, 'empty');
    if (kind === 'labels' && size < 0.3) return cell(kind, 'empty');
    return cell(kind, random.chance(0.25) ? 'saved' : 'unchanged');
  });
}

function row(
  account: string,
  sort: Sort,
  id: number,
  path: string,
  cells: Cell[],
  now: number,
): ProjectRow {
  return {
    account,
    item: { sort, id },
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    depth: path.split('/').length - 1,
    cells,
    last_saved_at: now - 2 * HOUR,
    bytes: sort === 'group' ? 48 * 1024 : null,
    gone_since: null,
    remarks: [],
    protected: true,
    proven_at: null,
    important: path === 'acme/platform/api-server',
    distrusted_since: null,
  };
}

function projectRow(
  account: string,
  id: number,
  path: string,
  now: number,
  random: Random,
): ProjectRow {
  const project = row(account, 'project', id, path, projectCells(random), now);
  project.bytes = Math.round(Math.exp(random.next() * 7.2) * MEBIBYTE * 0.9);
  project.proven_at = random.chance(0.18) ? now - DAY - 2 * HOUR : null;
  const special = SPECIAL[path];
  special?.(project, now);
  return project;
}

function set(project: ProjectRow, kind: Kind, change: Partial<Cell>): void {
  project.cells = project.cells.map((old) => (old.kind === kind ? { ...old, ...change } : old));
}

function allSaved(project: ProjectRow): void {
  project.cells = KINDS.map((kind) => cell(kind, kind === 'repository' ? 'saved' : 'unchanged'));
}

function noRight(project: ProjectRow): void {
  set(project, 'members', {
    state: 'no_right',
    reason: 'You are Guest here; reading the members of this project needs at least Reporter.',
  });
  project.remarks = [{ severity: 'warning', text: '1 kind not readable' }];
}

const SPECIAL: Record<string, (project: ProjectRow, now: number) => void> = {
  'acme/platform/api-server': (project, now) => {
    allSaved(project);
    project.bytes = 3.1 * 1024 * MEBIBYTE;
    project.proven_at = now - DAY - 2 * HOUR;
  },
  'acme/platform/web': (project, now) => {
    allSaved(project);
    set(project, 'milestones', { state: 'empty' });
    project.bytes = 1.8 * 1024 * MEBIBYTE;
    project.proven_at = now - DAY - 2 * HOUR;
  },
  'acme/design/site': noRight,
  'acme/design/tokens': noRight,
  'acme/ops/charts': (project, now) => {
    allSaved(project);
    set(project, 'wiki', {
      state: 'failed',
      stale_since: now - 3 * DAY,
      reason: 'GitLab answered 500 four times; the version of three days ago was kept.',
    });
    set(project, 'merge_requests', {
      state: 'failed',
      reason: 'The list of merge requests could not be read: the connection broke five times.',
    });
    project.remarks = [
      { severity: 'danger', text: 'merge requests failed' },
      { severity: 'warning', text: 'wiki kept from 3 days ago' },
    ];
  },
  'acme/ops/old-monitoring': (project, now) => {
    project.gone_since = now - 12 * DAY;
    project.last_saved_at = now - 12 * DAY;
    project.remarks = [{ severity: 'info', text: 'deleted at GitLab' }];
  },
  'labs/prototypes': () => undefined,
};
