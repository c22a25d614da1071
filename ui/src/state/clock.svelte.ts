// The time that relative dates are drawn against. It moves every few seconds,
// so "2 minutes ago" stays true while the window is open.

const STEP_MS = 5_000;

export class Clock {
  /** Milliseconds since the epoch. */
  now = $state(0);
  #read: () => number;

  constructor(read: () => number) {
    this.#read = read;
    this.now = read();
  }

  /** Lets the time move until the returned function is called. */
  run(): () => void {
    const timer = setInterval(() => (this.now = this.#read()), STEP_MS);
    return () => clearInterval(timer);
  }
}
