// What the window does not need to be there, each a piece of the program that
// is read when it is first wanted, or once the first screen is drawn.
import type { Component } from 'svelte';

export type Piece<Props extends Record<string, unknown> = Record<string, never>> = () => Promise<{
  default: Component<Props>;
}>;

export const otherScreens: Piece = () => import('./OtherScreen.svelte');
export const setup: Piece<{ onfinished: () => void }> = () => import('./setup/Setup.svelte');

/** Reads what may be wanted next. A piece that fails says so where it is shown. */
export async function readAhead(): Promise<void> {
  await Promise.allSettled([otherScreens(), setup()]);
}
