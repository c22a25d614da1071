// What the address bar can ask of the sample data:
//   ?fake=demo|empty|fresh|many|errors|partial|running|whole|recovered
//                                 which company, in which state; recovered:
//                                 just opened from its vault alone
//   &also=paused,loss,drive,copies,behind,channels,damaged,update,minimised,unread,lost
//                                 what else there is, any number of; unread:
//                                 snapshots of an opened vault are damaged;
//                                 lost: what is damaged is gone at GitLab
//   &keychain=locked              secrets cannot be kept
//   &now=2026-11-23T14:42:00               a fixed starting time
//   &ends=partial|failed          how new backups end
//   &speed=20                              how much faster runs go
//   &fail=list_projects,get_home           commands that are rejected
//   &hang=get_home                         commands that never answer
//   &theme=light|dark                      the stored appearance
import type { Appearance } from '../bindings.ts';

export type World =
  'demo' | 'empty' | 'fresh' | 'many' | 'errors' | 'partial' | 'running' | 'whole' | 'recovered';

export type Switches = {
  world: World;
  also: ReadonlySet<string>;
  clock: () => number;
  speed: number;
  fail: Set<string>;
  hang: Set<string>;
  appearance: Appearance;
  keychainLocked: boolean;
  ends: 'complete' | 'partial' | 'failed';
};

const WORLDS: readonly World[] = [
  'demo',
  'empty',
  'fresh',
  'many',
  'errors',
  'partial',
  'running',
  'whole',
  'recovered',
];

export function readSwitches(query: URLSearchParams): Switches {
  const world = query.get('fake') as World;
  const theme = query.get('theme');
  const ends = query.get('ends');
  return {
    world: WORLDS.includes(world) ? world : 'demo',
    also: names(query.get('also')),
    clock: clockFrom(query.get('now')),
    speed: Math.max(1, Number(query.get('speed')) || 1),
    fail: names(query.get('fail')),
    hang: names(query.get('hang')),
    ends: ends === 'partial' || ends === 'failed' ? ends : 'complete',
    keychainLocked: query.get('keychain') === 'locked',
    appearance: theme === 'light' || theme === 'dark' ? theme : 'system',
  };
}

function names(list: string | null): Set<string> {
  return new Set((list ?? '').split(',').filter((name) => name !== ''));
}

function clockFrom(start: string | null): () => number {
  const at = start === null ? NaN : Date.parse(start);
  if (Number.isNaN(at)) return Date.now;
  const opened = Date.now();
  return () => at + (Date.now() - opened);
}
