import { describe, expect, test, vi } from 'vitest';
import type { RunProgress } from '../backend/bindings.ts';
import { fake } from './fixtures.ts';
import { Runs } from './runs.svelte.ts';

describe('runs', () => {
  test('a window that opens while something runs shows it', async () => {
    const { backend, world } = fake('fake=running&speed=1');
    const runs = new Runs(backend);
    const stop = await runs.run();
    expect(runs.progress?.run).toBe(world.runs[0]?.id);
    expect(runs.list.value?.length).toBeGreaterThan(40);
    stop();
  });

  test('progress comes with events, the end empties it and asks for the list', async () => {
    const { backend, world } = fake('fake=demo');
    const runs = new Runs(backend);
    const stop = await runs.run();
    const before = runs.revision;
    const id = await backend.startBackup('plan-1', false);
    await vi.waitFor(() => expect(runs.progressOf(id)).not.toBeNull());
    await vi.waitFor(() => expect(world.runs[0]?.state).toBe('ended'));
    await vi.waitFor(() => expect(runs.progress).toBeNull());
    await vi.waitFor(() => expect(runs.ended.some((run) => run.id === id)).toBe(true));
    expect(runs.revision).toBeGreaterThan(before);
    stop();
  });

  test('a hint about a run that has ended does not bring it back', async () => {
    const { backend } = fake('fake=demo');
    const runs = new Runs(backend);
    const late = { run: 'x', state: 'ended' } as RunProgress;
    runs.hear({ type: 'progress', progress: late });
    expect(runs.progress).toBeNull();
  });

  test('cancelling stops the run and keeps it resumable', async () => {
    const { backend, world } = fake('fake=running&speed=20');
    const runs = new Runs(backend);
    const stop = await runs.run();
    const id = runs.progress?.run ?? '';
    await backend.cancelRun(id);
    await vi.waitFor(() => expect(runs.progress).toBeNull());
    const run = world.runs.find((one) => one.id === id);
    expect(run?.outcome).toBe('aborted');
    expect(run?.resumable).toBe(true);
    stop();
  });
});
