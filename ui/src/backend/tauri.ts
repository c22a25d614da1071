// The backend inside the app: the generated commands and their events.
import type { Backend } from './backend.ts';
import { commands, events } from './bindings.ts';

export const tauri: Backend = {
  ...commands,
  onRunEvent: (listener) => events.runEvents.listen((event) => listener(event.payload)),
  onShellEvent: (listener) => events.shellEvents.listen((event) => listener(event.payload)),
};
