// Starts a drill of one item and says so.
import type { Item } from '../backend/bindings.ts';
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
