// Short messages at the foot of the window that go away by themselves and are
// read out by screen readers.
import type { Route } from '../rules/routes.ts';

export type Notice = {
  id: number;
  text: string;
  tone: 'info' | 'danger';
  link: { label: string; route: Route } | null;
};

const SHOWN_MS = 6_000;

export class Notices {
  list = $state.raw<Notice[]>([]);
  #next = 1;

  say(text: string, link: Notice['link'] = null): void {
    this.#add(text, 'info', link);
  }

  /** Stays until it is dismissed, for nobody may be looking now. */
  keep(text: string): void {
    if (this.list.some((notice) => notice.text === text)) return;
    this.#add(text, 'info', null, false);
  }

  warn(text: string): void {
    this.#add(text, 'danger', null);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(text: string, tone: Notice['tone'], link: Notice['link'], passes = true): void {
    const id = this.#next;
    this.#next += 1;
    this.list = [...this.list.slice(-2), { id, text, tone, link }];
    if (passes) setTimeout(() => this.dismiss(id), SHOWN_MS);
  }
}
