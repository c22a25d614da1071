// Labkeep without Labkeep: a believable company for tests and for working on
// the window in a browser. Nothing here is part of the app's own answers.
import type { Backend, CommandName } from './backend.ts';
import { accountCommands } from './fake/accounts.ts';
import { channelCommands } from './fake/channels.ts';
import { copyCommands } from './fake/copies.ts';
import { runCommands } from './fake/runs.ts';
import { scheduleCommands } from './fake/schedule.ts';
import type { Switches } from './fake/switches.ts';
import { updateCommands } from './fake/updates.ts';
import { vaultCommands } from './fake/vaults.ts';
import { World } from './fake/world.ts';

export { readSwitches } from './fake/switches.ts';

/** Milliseconds that every command takes. */
const LATENCY_MS = 60;

export class FakeBackend {
  readonly world: World;
  readonly backend: Backend;

  constructor(switches: Switches) {
    this.world = new World(switches);
    const commands = {
      ...accountCommands(this.world),
      ...vaultCommands(this.world),
      ...runCommands(this.world),
      ...scheduleCommands(this.world),
      ...channelCommands(this.world),
      ...copyCommands(this.world),
      ...updateCommands(this.world),
    };
    const slow = Object.fromEntries(
      Object.entries(commands).map(([name, command]) => [name, this.#delayed(name, command)]),
    );
    this.backend = {
      ...(slow as typeof commands),
      onRunEvent: async (listener) => this.world.listen(listener),
      onShellEvent: async (listener) => this.world.listenToShell(listener),
    };
  }

  #delayed(name: string, command: (...input: never[]) => unknown) {
    const { fail, hang, speed } = this.world.switches;
    const rustName = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return async (...input: never[]): Promise<unknown> => {
      if (hang.has(rustName)) return new Promise(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, LATENCY_MS / speed));
      if (fail.has(rustName)) {
        throw {
          code: 'address',
          message: 'gitlab.com does not answer.',
          hint: 'Check the network connection, then try again.',
        };
      }
      return structuredClone(await command(...input));
    };
  }
}

/** The commands of one topic. */
export type Topic<Names extends CommandName> = Pick<Backend, Names>;
