// The list of groups and projects: search, filter, closed groups.
import type { Backend } from '../backend/backend.ts';
import type { ProjectFilter, ProjectRow, ProjectsView } from '../backend/bindings.ts';
import { fitsFilter, sizesOf } from '../rules/projects.ts';
import { drawn, matches, type TreeRow } from '../rules/tree.ts';
import { Loadable } from './loadable.svelte.ts';

export class ProjectList {
  search = $state('');
  filter = $state<ProjectFilter>('all');
  closed = $state.raw<ReadonlySet<string>>(new Set());
  readonly view: Loadable<ProjectsView>;

  readonly sizes = $derived.by(() => sizesOf(this.view.value?.rows ?? []));
  readonly rows: TreeRow<ProjectRow>[] = $derived.by(() => {
    const typed = this.search.trim();
    const filter = this.filter;
    const looking = typed !== '' || filter !== 'all';
    return drawn({
      rows: this.view.value?.rows ?? [],
      pathOf: ({ path }) => path,
      depthOf: ({ depth }) => depth,
      isGroup: ({ item }) => item.sort === 'group',
      closed: this.closed,
      fits: looking ? (row) => fitsFilter(row, filter) && matches(row.path, typed) : null,
    });
  });

  constructor(backend: Backend) {
    this.view = new Loadable(() => backend.listProjects());
  }

  /** Whether anything narrows the list. */
  get looking(): boolean {
    return this.search.trim() !== '' || this.filter !== 'all';
  }

  get groups(): string[] {
    return (this.view.value?.rows ?? [])
      .filter(({ item }) => item.sort === 'group')
      .map(({ path }) => path);
  }

  setOpen(path: string, open: boolean): void {
    const closed = new Set(this.closed);
    if (open) closed.delete(path);
    else closed.add(path);
    this.closed = closed;
  }

  setAllOpen(open: boolean): void {
    this.closed = new Set(open ? [] : this.groups);
  }
}
