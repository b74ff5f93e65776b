import { expect, it } from 'vitest';
import { Tasks, type Task } from './tasks.svelte';

/** Tasks that are due as often as their counts say, and a record of what was done. */
function counted(counts: Record<string, number>, perform: (name: string) => Promise<void> = async () => undefined) {
  const done: string[] = [];
  const tasks = Object.keys(counts).map((name): Task<string> => ({
    name,
    due: () => (counts[name] ?? 0) > 0,
    async perform() {
      await perform(name);
      counts[name] = (counts[name] ?? 0) - 1;
      done.push(name);
    },
    failed: () => false,
  }));
  return { done, counts, tasks: new Tasks(tasks) };
}

it('first things are done first, whenever they come up', async () => {
  const { done, counts, tasks } = counted({ a: 0, b: 2, c: 1 }, async (name) => {
    if (name === 'b' && counts['b'] === 2) counts['a'] = 1;
  });
  await tasks.settle();
  expect(done).toEqual(['b', 'a', 'b', 'c']);
  expect(tasks.doing).toBeUndefined();
});

it('one thing is done at a time, however often it is asked for', async () => {
  let under = 0;
  const { done, tasks } = counted({ a: 3 }, async () => {
    expect(++under).toBe(1);
    await Promise.resolve();
    under -= 1;
  });
  await Promise.all([tasks.settle(), tasks.settle()]);
  expect(done).toEqual(['a', 'a', 'a']);
});

it('what has failed waits until it is allowed again, and what does not need it goes on', async () => {
  let broken = true;
  const { done, tasks } = counted({ a: 1, b: 1 }, async (name) => {
    if (name === 'a' && broken) throw new Error('broken');
  });
  await tasks.settle();
  expect(done).toEqual(['b']);
  expect(tasks.due('a')).toBe(false);
  broken = false;
  tasks.allow();
  expect(tasks.due('a')).toBe(true);
  await tasks.settle();
  expect(done).toEqual(['b', 'a']);
});

it('what comes up as the last thing ends is not missed', async () => {
  const { done, counts, tasks } = counted({ a: 1 });
  const first = tasks.settle();
  const second = first.then(() => {
    counts['a'] = 1;
    return tasks.settle();
  });
  await Promise.all([first, second]);
  expect(done).toEqual(['a', 'a']);
});
