// What every screen may need: the backend, the overview, where the window is,
// what runs, and the time. One object, handed down by context.
import { createContext } from 'svelte';
import type { Backend, Unlisten } from '../backend/backend.ts';
import { toAppError } from '../backend/backend.ts';
import type { Appearance, HomeView, Overview, RunView, ShellEvent } from '../backend/bindings.ts';
import { routeOf } from '../rules/routes.ts';
import { t } from '../texts/index.ts';
import type { Clock } from './clock.svelte.ts';
import { Loadable } from './loadable.svelte.ts';
import { Navigation } from './navigation.svelte.ts';
import { Notices } from './notices.svelte.ts';
import { Places } from './places.ts';
import { ProjectList } from './project-list.svelte.ts';
import { Runs } from './runs.svelte.ts';

export const [useApp, provideApp] = createContext<App>();

export class App {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly navigation = new Navigation();
  readonly notices = new Notices();
  readonly places = new Places();
  readonly projects: ProjectList;
  readonly runs: Runs;
  readonly overview: Loadable<Overview>;
  /** What Home shows and the light in the sidebar is made of. */
  readonly home: Loadable<HomeView>;
  appearance = $state<Appearance>('system');
  /** Whether changes are heard of. */
  following = $state(false);
  #followed = false;
  #stops: Unlisten[] | null = null;

  constructor(backend: Backend, clock: Clock) {
    this.backend = backend;
    this.clock = clock;
    this.runs = new Runs(backend);
    this.projects = new ProjectList(backend);
    this.overview = new Loadable(() => backend.getOverview());
    this.home = new Loadable(() => backend.getHome());
  }

  /**
   * Connects the window; the returned function lets go of everything. What the
   * first screen needs is asked for at once, for each answer takes a while.
   */
  run(): () => void {
    this.#stops = [this.clock.run(), this.navigation.run()];
    void this.attempt(async () => this.#apply(await this.backend.getAppearance()));
    void this.attempt(() => this.#keep(this.backend.onShellEvent((event) => this.#hear(event))));
    void this.overview.load();
    void this.home.load();
    return () => {
      this.#stops?.forEach((stop) => stop());
      this.#stops = null;
    };
  }

  /**
   * Hears of runs from now on, once the first screen is there. What changed
   * before is seen by the second look that this leads to.
   */
  async follow(): Promise<void> {
    if (this.#followed) return;
    this.#followed = true;
    await this.attempt(() => this.#keep(this.runs.run()));
    this.following = true;
  }

  /** Keeps what ends a subscription until everything is let go of. */
  async #keep(subscribing: Promise<Unlisten>): Promise<void> {
    const stop = await subscribing;
    if (this.#stops === null) stop();
    else this.#stops.push(stop);
  }

  /** Time of the last tick, for relative dates. */
  get now(): number {
    return this.clock.now;
  }

  async setAppearance(appearance: Appearance): Promise<void> {
    this.#apply(appearance);
    await this.backend.setAppearance(appearance);
  }

  /** Says why a run could not be started, or gives it. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const { message, hint } = toAppError(thrown);
      this.notices.warn(hint === null ? message : `${message} ${hint}`);
    }
  }

  /** Ends Labkeep, the window and the tray. */
  quit(): void {
    void this.attempt(async () => void (await this.backend.quitLabkeep()));
  }

  openLink(url: string): void {
    void this.attempt(async () => void (await this.backend.openLink(url)));
  }

  planName(run: Pick<RunView, 'plan' | 'subject'>): string {
    const plan = this.overview.value?.plans.find(({ id }) => id === run.plan);
    return plan?.name ?? run.subject;
  }

  #hear(event: ShellEvent): void {
    if (event.what === 'go') this.navigation.go(routeOf(event.place));
    else this.notices.keep(t.shell.minimised);
  }

  #apply(appearance: Appearance): void {
    this.appearance = appearance;
    if (appearance === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = appearance;
  }
}
