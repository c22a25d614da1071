import { describe, expect, test } from 'vitest';
import { Action, Loadable } from './loadable.svelte.ts';

describe('an answer', () => {
  test('is pending, then there', async () => {
    const answer = new Loadable(async () => 7);
    expect(answer.pending).toBe(true);
    await answer.load();
    expect(answer.value).toBe(7);
    expect(answer.loading).toBe(false);
  });

  test('that was overtaken is dropped', async () => {
    const resolve: ((value: string) => void)[] = [];
    const answer = new Loadable(() => new Promise<string>((done) => resolve.push(done)));
    const first = answer.load();
    const second = answer.load();
    resolve[1]?.('new');
    await second;
    resolve[0]?.('old');
    await first;
    expect(answer.value).toBe('new');
  });

  test('stays in sight when asking again is refused', async () => {
    let refuse = false;
    const answer = new Loadable(async () => {
      if (refuse) throw { code: 'address', message: 'no', hint: null };
      return 'here';
    });
    await answer.load();
    refuse = true;
    await answer.load();
    expect(answer.value).toBe('here');
    expect(answer.error?.message).toBe('no');
  });

  test('that throws anything else is told as a bug, not swallowed', async () => {
    const answer = new Loadable(async () => {
      throw new TypeError('broken');
    });
    await answer.load();
    expect(answer.error).toEqual({ code: 'bug', message: 'broken', hint: null });
  });
});

describe('a deed', () => {
  test('is done once at a time', async () => {
    const action = new Action();
    let done = 0;
    await Promise.all([
      action.do(async () => void (done += 1)),
      action.do(async () => void (done += 1)),
    ]);
    expect(done).toBe(1);
  });

  test('forgets its refusal when it is tried again', async () => {
    const action = new Action();
    expect(await action.do(async () => Promise.reject(new Error('no')))).toBe(false);
    expect(action.error?.message).toBe('no');
    expect(await action.do(async () => undefined)).toBe(true);
    expect(action.error).toBeUndefined();
  });
});
