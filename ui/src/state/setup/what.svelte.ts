// What a plan covers: everything, or chosen in a tree.
import type { Backend } from '../../backend/backend.ts';
import type { VisibleItem } from '../../backend/bindings.ts';
import {
  EVERYTHING,
  checksOf,
  chosenBytes,
  chosenProjects,
  marksOf,
  patternsOf,
  toggled,
  treeOf,
  type Check,
  type Marks,
  type Patterns,
} from '../../rules/selection.ts';
import { drawn, matches, type TreeRow } from '../../rules/tree.ts';
import { Loadable } from '../loadable.svelte.ts';

export type Mode = 'everything' | 'choose';

export class What {
  mode = $state<Mode>('everything');
  marks = $state.raw<Marks>(EVERYTHING);
  search = $state('');
  closed = $state.raw<ReadonlySet<string>>(new Set());
  readonly items: Loadable<VisibleItem[]>;
  readonly account: string;

  readonly tree = $derived.by(() => treeOf(this.items.value ?? []));
  readonly checks = $derived(checksOf(this.tree, this.marks));
  readonly total = $derived.by(
    () => (this.items.value ?? []).filter(({ item }) => item.sort === 'project').length,
  );
  readonly groups = $derived.by(() => (this.items.value?.length ?? 0) - this.total);
  readonly chosen = $derived(chosenProjects(this.tree, this.marks));
  /** Bytes at GitLab of what is chosen; null where it tells none. */
  readonly bytes = $derived.by(() =>
    chosenBytes(this.tree, this.mode === 'everything' ? EVERYTHING : this.marks),
  );
  readonly rows: TreeRow<VisibleItem>[] = $derived.by(() => {
    const depths = new Map<string, number>();
    const walk = (nodes: typeof this.tree): void => {
      for (const node of nodes) {
        depths.set(node.item.path, node.depth);
        walk(node.children);
      }
    };
    walk(this.tree);
    const typed = this.search.trim();
    return drawn({
      rows: this.items.value ?? [],
      pathOf: ({ path }) => path,
      depthOf: ({ path }) => depths.get(path) ?? 0,
      isGroup: ({ item }) => item.sort === 'group',
      closed: this.closed,
      fits: typed === '' ? null : ({ path }) => matches(path, typed),
    });
  });

  constructor(backend: Backend, account: string) {
    this.account = account;
    this.items = new Loadable(() => backend.listVisibleItems(account));
  }

  /** Shows what a plan covers; the items must be there. */
  read(patterns: Patterns): void {
    this.mode =
      patterns.include.length === 0 && patterns.exclude.length === 0 ? 'everything' : 'choose';
    this.marks = marksOf(this.tree, patterns);
  }

  get patterns(): Patterns {
    return this.mode === 'everything'
      ? { include: [], exclude: [] }
      : patternsOf(this.tree, this.marks);
  }

  /** Whether the choice covers nothing at all. */
  get nothing(): boolean {
    return (
      this.mode === 'choose' &&
      this.checks.get('') === 'none' &&
      this.marks.extra.include.length === 0
    );
  }

  checkOf(path: string): Check {
    return this.checks.get(path) ?? 'none';
  }

  toggle(path: string): void {
    this.marks = toggled(this.tree, this.marks, path);
  }

  setOpen(path: string, open: boolean): void {
    const closed = new Set(this.closed);
    if (open) closed.delete(path);
    else closed.add(path);
    this.closed = closed;
  }
}
