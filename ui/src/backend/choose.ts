// Chooses the backend: the app itself inside Tauri, invented data in a browser.
import type { Backend } from './backend.ts';
import { Clock } from '../state/clock.svelte.ts';
import { tauri } from './tauri.ts';

export type Chosen = { backend: Backend; clock: Clock; sample: boolean };

export async function chooseBackend(address: Location): Promise<Chosen> {
  if ('__TAURI_INTERNALS__' in window) {
    return { backend: tauri, clock: new Clock(Date.now), sample: false };
  }
  const { FakeBackend, readSwitches } = await import('./fake.ts');
  const switches = readSwitches(new URLSearchParams(address.search));
  const now = switches.clock;
  return { backend: new FakeBackend(switches).backend, clock: new Clock(now), sample: true };
}
