// Updates of Labkeep itself: off, unless the address bar asks for one.
import type { Topic } from '../fake.ts';
import type { World } from './world.ts';

type Names = 'canUpdate' | 'findUpdate' | 'installUpdate';

export function updateCommands(world: World): Topic<Names> {
  return {
    canUpdate: async () => world.switches.also.has('update'),
    findUpdate: async () => ({ version: '0.2.0', notes: null }),
    installUpdate: async () => null,
  };
}
