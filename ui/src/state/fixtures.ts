// A quick sample company for tests of state.
import { FakeBackend } from '../backend/fake.ts';
import { readSwitches } from '../backend/fake/switches.ts';

export function fake(query = ''): FakeBackend {
  return new FakeBackend(readSwitches(new URLSearchParams(`speed=1000&${query}`)));
}
