// Starts drills and says so.
import type { Item } from '../backend/bindings.ts';
import { nextToProve } from '../rules/proof.ts';
import { t } from '../texts/index.ts';
import type { App } from './app.svelte.ts';

type Wanted = { account: string; item: Item; snapshot: string | null };

export async function startDrill(app: App, wanted: Wanted): Promise<void> {
  await app.attempt(async () => {
    const run = await app.backend.startDrill({ ...wanted, destination: null, kinds: null });
    app.notices.say(t.projects.project.drillStarted, {
      label: t.projects.project.showActivity,
      route: { page: 'run', id: run },
    });
  });
}

/** Rehearses the project that it would prove most of. */
export async function drillNext(app: App): Promise<void> {
  await app.attempt(async () => {
    const { rows } = await app.backend.listProjects();
    const next = nextToProve(rows);
    if (next === null) app.notices.warn(t.home.noDrill);
    else await startDrill(app, { account: next.account, item: next.item, snapshot: null });
  });
}
