// What a plan covers, chosen in a tree and written down as patterns.
//
// A mark says "from here on down: yes" or "no"; a node without a mark follows
// the nearest one above it, the root's being the last. A chosen group therefore
// covers what is created in it later. In patterns, `acme/**` is the group acme
// with everything below it, a path without a wildcard is that item alone, and
// an excluded path is left out even where a wider pattern includes it.
import type { VisibleItem } from '../backend/bindings.ts';

export type Patterns = { include: string[]; exclude: string[] };

/** Yes, no, or partly. */
export type Check = 'all' | 'none' | 'some';

export type Marks = {
  /** Everything visible unless a mark says otherwise. */
  root: boolean;
  /** Marks by full path. */
  paths: ReadonlyMap<string, boolean>;
  /** Patterns that the tree cannot show; they are kept as they are. */
  extra: Patterns;
};

export type Node = { item: VisibleItem; children: Node[]; depth: number };

export const EVERYTHING: Marks = {
  root: true,
  paths: new Map(),
  extra: { include: [], exclude: [] },
};

/** The items as a tree; an item whose parent is not visible stands at the top. */
export function treeOf(items: readonly VisibleItem[]): Node[] {
  const byPath = new Map<string, Node>();
  const tops: Node[] = [];
  for (const item of items) {
    const parent = item.parent === null ? undefined : byPath.get(item.parent);
    const node: Node = { item, children: [], depth: parent ? parent.depth + 1 : 0 };
    (parent?.children ?? tops).push(node);
    if (item.item.sort === 'group') byPath.set(item.path, node);
  }
  return tops;
}

function isGroup(node: Node): boolean {
  return node.item.item.sort === 'group';
}

function markOf(marks: Marks, node: Node, above: boolean): boolean {
  return marks.paths.get(node.item.path) ?? above;
}

/** The state of every node's box, by path; the root's under the empty path. */
export function checksOf(tree: readonly Node[], marks: Marks): Map<string, Check> {
  const checks = new Map<string, Check>();
  const visit = (node: Node, above: boolean): Check => {
    const own = markOf(marks, node, above);
    let check: Check = own ? 'all' : 'none';
    for (const child of node.children) {
      if (visit(child, own) !== check) check = 'some';
    }
    checks.set(node.item.path, check);
    return check;
  };
  let root: Check = marks.root ? 'all' : 'none';
  for (const node of tree) {
    if (visit(node, marks.root) !== root) root = 'some';
  }
  checks.set('', root);
  return checks;
}

/** The marks after a click on a node's box; the empty path is the root's. */
export function toggled(tree: readonly Node[], marks: Marks, path: string): Marks {
  const wanted = checksOf(tree, marks).get(path) !== 'all';
  if (path === '') return { ...marks, root: wanted, paths: new Map() };
  const paths = new Map(marks.paths);
  const inside = `${path}/`;
  for (const marked of paths.keys()) {
    if (marked === path || marked.startsWith(inside)) paths.delete(marked);
  }
  paths.set(path, wanted);
  return simplified(tree, { ...marks, paths });
}

/**
 * A group whose children are all chosen is chosen itself, one whose children
 * are all left out is left out; marks that repeat what stands above go.
 */
function simplified(tree: readonly Node[], marks: Marks): Marks {
  const paths = new Map<string, boolean>();
  const visit = (node: Node, above: boolean): { check: Check; marks: [string, boolean][] } => {
    const own = markOf(marks, node, above);
    const below = node.children.map((child) => visit(child, own));
    const same = below[0]?.check;
    const path = node.item.path;
    if (same !== undefined && same !== 'some' && below.every(({ check }) => check === same)) {
      return { check: same, marks: [[path, same === 'all']] };
    }
    const mixed = below.length > 0;
    return {
      check: mixed ? 'some' : own ? 'all' : 'none',
      marks: [[path, own], ...below.flatMap((child) => child.marks)],
    };
  };
  const answers = tree.map((node) => visit(node, marks.root));
  const same = answers[0]?.check;
  const whole =
    same !== undefined && same !== 'some' && answers.every(({ check }) => check === same);
  const root = whole ? same === 'all' : marks.root;
  const all = new Map(answers.flatMap((answer) => answer.marks));
  const keep = (node: Node, above: boolean): void => {
    const own = all.get(node.item.path) ?? above;
    if (own !== above) paths.set(node.item.path, own);
    for (const child of node.children) keep(child, own);
  };
  for (const node of tree) keep(node, root);
  return { ...marks, root, paths };
}

/** The patterns that mean the marks. */
export function patternsOf(tree: readonly Node[], marks: Marks): Patterns {
  const include: string[] = [];
  const exclude: string[] = [];
  const checks = checksOf(tree, marks);
  const pattern = (node: Node): string => (isGroup(node) ? `${node.item.path}/**` : node.item.path);
  // `covered`: a pattern written so far includes the node. A group that is left
  // out but has chosen things inside is not excluded as a whole, because an
  // exclusion would win over them; its other children are, one by one.
  const visit = (node: Node, above: boolean, covered: boolean): void => {
    const own = markOf(marks, node, above);
    if (own && !covered) {
      include.push(pattern(node));
      node.children.forEach((child) => visit(child, true, true));
    } else if (!own && covered && checks.get(node.item.path) === 'none') {
      exclude.push(pattern(node));
    } else {
      node.children.forEach((child) => visit(child, own, covered));
    }
  };
  tree.forEach((node) => visit(node, marks.root, marks.root));
  return {
    include: [...include, ...marks.extra.include],
    exclude: [...exclude, ...marks.extra.exclude],
  };
}

/** The marks that mean the patterns. */
export function marksOf(tree: readonly Node[], patterns: Patterns): Marks {
  const known = new Map<string, Node>();
  const visit = (node: Node): void => {
    known.set(node.item.path, node);
    node.children.forEach(visit);
  };
  tree.forEach(visit);
  const paths = new Map<string, boolean>();
  const extra: Patterns = { include: [], exclude: [] };
  const read = (list: readonly string[], yes: boolean, rest: string[]): void => {
    for (const pattern of list) {
      const path = pattern.endsWith('/**') ? pattern.slice(0, -3) : pattern;
      const node = known.get(path);
      const fits = node !== undefined && isGroup(node) === pattern.endsWith('/**');
      if (fits) paths.set(path, yes);
      else rest.push(pattern);
    }
  };
  read(patterns.include, true, extra.include);
  read(patterns.exclude, false, extra.exclude);
  return { root: patterns.include.length === 0, paths, extra };
}

/** How many projects the marks choose. */
export function chosenProjects(tree: readonly Node[], marks: Marks): number {
  return chosen(tree, marks).length;
}

/** The bytes of the chosen projects at GitLab, as far as it tells; null if of none. */
export function chosenBytes(tree: readonly Node[], marks: Marks): number | null {
  const told = chosen(tree, marks).flatMap(({ bytes }) => bytes ?? []);
  return told.length === 0 ? null : told.reduce((sum, bytes) => sum + bytes, 0);
}

function chosen(tree: readonly Node[], marks: Marks): VisibleItem[] {
  const found: VisibleItem[] = [];
  const visit = (node: Node, above: boolean): void => {
    const own = markOf(marks, node, above);
    if (own && !isGroup(node)) found.push(node.item);
    node.children.forEach((child) => visit(child, own));
  };
  tree.forEach((node) => visit(node, marks.root));
  return found;
}
