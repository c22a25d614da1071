// What of a long list is in sight, and which of its rows Tab enters.
import { tick } from 'svelte';
import { keepInRange, movedBy, windowOf } from '../rules/rows.ts';
import type { Place } from './places.ts';

/** Pixels of a list's header, whatever its rows are. */
export const HEAD = 38;

type List = {
  count: number;
  /** Pixels. */
  rowHeight: number;
  /** Pixels of the header that stays at the top. */
  head: number;
  interactive: boolean;
};

export class ListSight {
  active = $state(0);
  /** Pixels scrolled. */
  top = $state(0);
  /** Pixels in sight. */
  height = $state(0);
  scroller: HTMLElement | undefined = $state();
  #read: () => List;

  readonly current = $derived.by(() => keepInRange(this.active, this.#read().count));
  readonly rows = $derived.by(() => {
    const { count, rowHeight, interactive } = this.#read();
    const current = interactive ? this.current : null;
    return windowOf({ top: this.top, height: this.height, rowHeight, count, current });
  });

  constructor(read: () => List) {
    this.#read = read;
  }

  /** Goes where the list was left. */
  enter(place: Place): void {
    this.active = place.active;
    this.scrollTo(place.top);
  }

  scrollTo(top: number): void {
    if (this.scroller === undefined) return;
    this.scroller.scrollTop = top;
    this.top = this.scroller.scrollTop;
  }

  /** Starts at the first row again. */
  reset(): void {
    this.active = 0;
    this.scrollTo(0);
  }

  /** Scrolls a row into sight and gives it the focus. */
  async focus(index: number): Promise<void> {
    const { count, rowHeight, head } = this.#read();
    const row = keepInRange(index, count);
    this.active = row;
    const above = row * rowHeight;
    if (above < this.top) this.scrollTo(above);
    else if (above + rowHeight + head > this.top + this.height) {
      this.scrollTo(above + rowHeight + head - this.height);
    }
    await tick();
    this.scroller
      ?.querySelector<HTMLElement>(`[data-index="${row}"]`)
      ?.focus({ preventScroll: true });
  }

  /** Moves with the arrow and page keys; gives whether the key was one. */
  move(event: KeyboardEvent, index: number): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const { count, rowHeight } = this.#read();
    const page = Math.max(1, Math.floor(this.height / rowHeight) - 2);
    const next = movedBy(event.key, index, count, page);
    if (next === null) return false;
    event.preventDefault();
    void this.focus(next);
    return true;
  }
}
