// The plan of an invented restore: defaults filled in, a free name, and what
// changes with the token that is given.
import type {
  AppError,
  PlanLine,
  ProjectRow,
  RestorePlanView,
  RestoreRequest,
  SnapshotView,
} from '../bindings.ts';
import { tokenSort } from './checklist.ts';

export function restorePlan(
  row: ProjectRow,
  rows: readonly ProjectRow[],
  snapshots: readonly SnapshotView[],
  request: RestoreRequest,
  token: string | null,
): RestorePlanView {
  const usable = snapshots.filter((snapshot) =>
    row.gone_since === null ? true : snapshot.at <= row.gone_since,
  );
  const snapshot =
    usable.find(({ id }) => id === request.snapshot) ??
    usable.find(({ outcome }) => outcome === 'complete');
  if (snapshot === undefined) throw notSaved(row);
  const writes = token !== null && tokenSort(token) === 'full';
  const destination = request.destination ?? freeName(row, rows);
  const taken = rows.some(({ path, gone_since }) => path === destination && gone_since === null);
  return {
    request: { ...request, snapshot: snapshot.id, destination },
    path: row.path,
    snapshot,
    others: usable.filter(({ id }) => id !== snapshot.id).slice(0, 20),
    destination,
    destination_remark: remark(row, destination),
    lines: lines(request, token?.includes('maintainer') ?? false),
    requests: 340,
    duration_ms: 9 * 60_000,
    bytes: Math.round((row.bytes ?? 0) * 0.8),
    token: writes
      ? { need: 'none' }
      : {
          need: 'write',
          reason:
            'This needs a token that may write. It is used for this restore only and not kept.',
          page: 'https://gitlab.com/-/user_settings/personal_access_tokens?name=Labkeep+restore&scopes=api,write_repository',
        },
    blocker: taken
      ? `${destination} exists already. Nothing is overwritten: choose another name.`
      : null,
  };
}

function notSaved(row: ProjectRow): AppError {
  return {
    code: 'not_found',
    message: `No snapshot holds ${row.path} whole.`,
    hint: 'Back it up first, or choose a snapshot in which it is partly saved.',
  };
}

function freeName(row: ProjectRow, rows: readonly ProjectRow[]): string {
  if (row.gone_since !== null) return row.path;
  const taken = new Set(rows.map(({ path }) => path));
  let name = `${row.path}-restored`;
  for (let number = 2; taken.has(name); number += 1) name = `${row.path}-restored-${number}`;
  return name;
}

function remark(row: ProjectRow, destination: string): string | null {
  if (row.gone_since !== null) return `${row.name} is gone at GitLab; its old place is free`;
  return destination === row.path ? null : `${row.name} still exists; nothing is overwritten`;
}

function lines(request: RestoreRequest, weaker: boolean): PlanLine[] {
  const has = (kind: string): boolean =>
    request.kinds === null || request.kinds.some((chosen) => chosen === kind);
  const list: PlanLine[] = [];
  if (has('repository')) {
    const wiki = has('wiki') ? '; wiki' : '';
    list.push({ mark: 'good', text: `Repository with 214 branches, 61 tags${wiki}` });
  }
  if (has('issues') || has('merge_requests')) {
    list.push({
      mark: 'good',
      text: '1,204 issues and 873 merge requests with their numbers, dates, threads and diffs',
    });
  }
  if (has('labels') || has('milestones')) {
    list.push({ mark: 'good', text: '48 labels and 18 milestones' });
  }
  list.push({
    mark: 'changed',
    text: 'Authors become you, with the original name in each text. Only an administrator’s token can keep them',
  });
  if (weaker) {
    list.push({ mark: 'changed', text: 'Numbers and dates are new: only an Owner can keep them' });
  }
  if (has('members')) {
    list.push({ mark: 'changed', text: 'Members are listed in the report; nobody is invited' });
  }
  list.push({
    mark: 'bad',
    text: '2 webhook secrets are not known to GitLab’s API and must be entered again',
  });
  return list;
}
