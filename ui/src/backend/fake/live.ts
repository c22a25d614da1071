// A run that moves: progress several times a second, a wait that GitLab asks
// for, a cancel that takes a moment, and an end.
import type { ActiveItem, Kind, Phase, RunEvent, RunProgress, RunView } from '../bindings.ts';
import { Random } from './random.ts';

const TICK_MS = 150;
const MEBIBYTE = 1024 * 1024;

/** An outcome with its reason and what helps. */
export type Ending = Pick<RunView, 'outcome' | 'reason' | 'remedy'>;

export type LiveOptions = {
  run: RunView;
  items: readonly string[];
  /** Milliseconds from start to end. */
  length: number;
  speed: number;
  clock: () => number;
  /** How it ends unless it is cancelled. */
  ends: Ending;
  emit: (event: RunEvent) => void;
  ended: (run: RunView, cancelled: boolean) => void;
  /** Where it stands at the start, 0 to 1. */
  at?: number;
};

const CANCELLED: Ending = { outcome: 'aborted', reason: 'You cancelled it.', remedy: null };

const BACKUP_PHASES: readonly [number, Phase][] = [
  [0.04, 'discovering'],
  [0.95, 'capturing'],
  [1, 'sealing'],
];

const RESTORE_PHASES: readonly [number, Phase][] = [
  [0.15, 'reading'],
  [0.3, 'building'],
  [0.5, 'uploading'],
  [0.75, 'importing'],
  [0.9, 'completing'],
  [1, 'comparing'],
];

const ACTIVE_KINDS: readonly Kind[] = ['repository', 'issues', 'merge_requests', 'wiki'];

export class LiveRun {
  readonly run: RunView;
  #options: LiveOptions;
  #random = new Random(99);
  #done: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #waitUntil = 0;
  #waited = false;
  #stopping = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.run = options.run;
    this.#done = (options.at ?? 0) * options.length;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  get ended(): boolean {
    return this.#timer === undefined;
  }

  cancel(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.run.state = 'stopping';
    this.#options.emit({ type: 'progress', progress: this.progress() });
    setTimeout(() => this.#end(true), 1200 / this.#options.speed);
  }

  progress(): RunProgress {
    const { run, items, length } = this.#options;
    const share = Math.min(1, this.#done / length);
    const phase = this.#phase(share);
    const known = phase !== 'discovering';
    const done = Math.min(items.length, Math.floor(share * items.length));
    const waiting = this.#waitUntil > this.#options.clock();
    return {
      run: run.id,
      kind: run.kind,
      subject: run.subject,
      state: run.state,
      phase,
      started_at: run.started_at,
      items_done: known ? done : 0,
      items_total: known ? items.length : null,
      bytes: {
        received: Math.round(share * 640 * MEBIBYTE),
        stored: Math.round(share * 148 * MEBIBYTE),
      },
      share: known ? share : null,
      left_ms: known && share > 0.08 ? Math.round((length * (1 - share)) / 1) : null,
      wait: waiting
        ? {
            until: this.#waitUntil,
            reason: 'GitLab asks for a pause (2,000 requests a minute)',
          }
        : null,
      active: known && !this.#stopping ? this.#active(done, share) : [],
    };
  }

  #phase(share: number): Phase {
    if (this.run.state === 'queued') return 'waiting';
    if (this.run.kind === 'verify') return 'checking';
    const table = this.run.kind === 'backup' ? BACKUP_PHASES : RESTORE_PHASES;
    return table.find(([until]) => share <= until)?.[1] ?? 'comparing';
  }

  #active(done: number, share: number): ActiveItem[] {
    if (this.run.kind !== 'backup') return [];
    return this.#options.items.slice(done, done + 3).map((path, index) => {
      const bytes = index === 0;
      const total = bytes ? 261 * MEBIBYTE : [92, 468, 120][index]!;
      const own = (share * (7 + index * 3) + index * 0.3) % 1;
      return {
        path,
        kind: ACTIVE_KINDS[index % ACTIVE_KINDS.length]!,
        done: Math.round(total * own),
        total,
        unit: bytes ? 'bytes' : 'things',
      };
    });
  }

  #tick(): void {
    if (this.#stopping) return;
    const now = this.#options.clock();
    const step = TICK_MS * this.#options.speed;
    if (this.#waitUntil > now) {
      this.#options.emit({ type: 'progress', progress: this.progress() });
      return;
    }
    this.#done += step * (0.6 + this.#random.next() * 0.8);
    const share = this.#done / this.#options.length;
    if (!this.#waited && share > 0.6 && this.run.kind === 'backup') {
      this.#waited = true;
      this.#waitUntil = now + 8000 / this.#options.speed;
    }
    this.#options.emit({ type: 'progress', progress: this.progress() });
    if (share >= 1) this.#end(false);
  }

  #end(cancelled: boolean): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.run.state = 'ended';
    this.run.ended_at = this.#options.clock();
    Object.assign(this.run, cancelled ? CANCELLED : this.#options.ends);
    this.run.resumable = cancelled;
    this.#options.ended(this.run, cancelled);
  }
}
