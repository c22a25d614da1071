// Whom Labkeep tells beside the desktop, in the sample data.
import type { ChannelsView, NoticeChannel } from '../bindings.ts';
import type { Topic } from '../fake.ts';
import { reject } from './accounts.ts';
import type { World } from './world.ts';

type Names = 'getChannels' | 'setEndpoint' | 'setEmail' | 'removeChannel' | 'testChannel';

export const NO_CHANNELS: ChannelsView = {
  webhook: null,
  ntfy: null,
  heartbeat: null,
  email: null,
  problems: [],
};

export function channelCommands(world: World): Topic<Names> {
  const set = (change: Partial<ChannelsView>, channel: NoticeChannel): ChannelsView => {
    const problems = world.channels.problems.filter((problem) => problem.channel !== channel);
    world.channels = { ...world.channels, ...change, problems };
    world.emit({ type: 'changed' });
    return world.channels;
  };
  return {
    getChannels: async () => world.channels,
    setEndpoint: async (channel, address) => {
      if (!URL.canParse(address) || !/^https?:/.test(address)) {
        reject('address', 'This is not a web address.', 'It begins with https://.');
      }
      return set({ [channel]: { host: new URL(address).host } }, channel);
    },
    setEmail: async (email) => set({ email }, 'email'),
    removeChannel: async (channel) => set({ [channel]: null }, channel),
    testChannel: async (channel) => {
      const problem = world.channels.problems.find((one) => one.channel === channel);
      if (problem !== undefined) problem.at = world.now;
      return world.channels;
    },
  };
}

/** A webhook that works and a mail server that does not. */
export function sampleChannels(now: number): ChannelsView {
  return {
    ...NO_CHANNELS,
    webhook: { host: 'hooks.example.com' },
    email: {
      server: 'mail.example.com',
      port: 587,
      security: 'start_tls',
      username: 'labkeep',
      from: 'labkeep@example.com',
      to: 'mira@example.com',
    },
    problems: [
      {
        channel: 'email',
        at: now - 26 * 3_600_000,
        message: 'mail.example.com refused the password. Enter it again.',
      },
    ],
  };
}
