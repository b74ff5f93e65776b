import { expect, test } from 'vitest';
import { openSession } from '../src/session.js';
import type { UnlearnEvent } from '../src/types/index.js';
import { bytes, fakeWorkers, refuse, says, settle } from './fakes.js';

async function ready() {
  const workers = fakeWorkers();
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.loadModel(bytes('model A'));
  await session.loadDataset({ kind: 'packed', file: bytes('data A') });
  const engine = workers.last().engine;
  engine.calls.length = 0;
  return { session, engine, worker: workers.last(), workers };
}

async function collect(run: AsyncIterable<UnlearnEvent>): Promise<UnlearnEvent[]> {
  const events: UnlearnEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

test('a run gives its progress and ends with the evaluation', async () => {
  const { session, engine } = await ready();
  const events = await collect(session.unlearn({ forgetClass: 3, preset: 'published', nonMembers: 'val' }));
  expect(events).toEqual([
    { type: 'progress', step: 1 },
    { type: 'progress', step: 2 },
    { type: 'progress', step: 3 },
    {
      type: 'done',
      stop: 'forget_target',
      steps: 3,
      networkStep: 3,
      violations: 0,
      seconds: 1,
      evaluation: { classes: { forget: [3], forgotten: [] }, nonMemberSplit: 'val', network: 'model A|3:3' },
    },
  ]);
  expect(engine.calls).toEqual([
    'start {"forgetClass":3,"preset":"published"}',
    'advance 1',
    'advance 1',
    'advance 1',
    'finish',
    'exportModel',
    'evaluate 3 val',
  ]);
});

test('steps are taken only when pulled, so not pulling is a pause', async () => {
  const { session, engine } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await settle();
  expect(engine.calls).toEqual([]);
  await run.next();
  await settle();
  expect(engine.calls.filter((call) => call.startsWith('advance'))).toHaveLength(1);
  expect((await collect(run)).at(-1)).toMatchObject({ type: 'done', steps: 3 });
});

test('the engine is at the next step while an event is looked at, unless the run is over or is to pause', async () => {
  const { session, engine } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await settle();
  expect([engine.aheads, engine.network]).toEqual([1, 'model A|3:1']);
  expect((await collect(run)).at(-1)).toMatchObject({ type: 'done', steps: 3 });
  expect(engine.aheads).toBe(2);

  await collect(session.unlearn({ forgetClass: 4 }, { ahead: () => false }));
  expect(engine.aheads).toBe(2);
  const asked = session.unlearn({ forgetClass: 4 }, { ahead: true as never });
  await expect(asked.next()).rejects.toMatchObject({
    code: 'bad-config',
    message: 'ahead: expected a function, found true',
  });
});

test('an engine that dies in a step taken beforehand fails the next call, and takes the run with it', async () => {
  const { session, engine } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  engine.whenAhead = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  await run.next();
  await settle();
  await expect(run.next()).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(session.lost).toMatch(/^A run was under way/);
  await session.reset();
  expect(await collect(session.unlearn({ forgetClass: 3 }))).toHaveLength(4);
});

test('other calls find their place between the steps of a paused run', async () => {
  const { session, engine } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await session.evaluate({ forgetClass: 3 });
  await run.next();
  expect(engine.calls.slice(1)).toEqual(['advance 1', 'evaluate 3 test', 'advance 1']);
});

test('several steps may share one event', async () => {
  const { session, engine } = await ready();
  engine.runLength = 25;
  const events = await collect(session.unlearn({ forgetClass: 3 }, { stepsPerEvent: 10 }));
  expect(events.map((event) => ('step' in event ? event.step : event.type))).toEqual([10, 20, 25, 'done']);
});

test('a signal ends the run with the scores of where it stands', async () => {
  const { session, engine } = await ready();
  const abort = new AbortController();
  const run = session.unlearn({ forgetClass: 3 }, { signal: abort.signal });
  await run.next();
  abort.abort();
  expect(await collect(run)).toEqual([
    {
      type: 'done',
      stop: 'cancelled',
      steps: 1,
      networkStep: 1,
      violations: 0,
      seconds: 1,
      evaluation: expect.anything() as unknown,
    },
  ]);
  expect(engine.calls.slice(1)).toEqual(['advance 1', 'finish', 'exportModel', 'evaluate 3 test']);
});

test('a signal in the middle of a step lets the step end', async () => {
  const { session, engine } = await ready();
  const abort = new AbortController();
  engine.during = (call) => {
    if (call.startsWith('advance')) abort.abort();
  };
  const events = await collect(session.unlearn({ forgetClass: 3 }, { signal: abort.signal }));
  expect(events).toMatchObject([
    { type: 'progress', step: 1 },
    { type: 'done', stop: 'cancelled', steps: 1 },
  ]);
});

test('a signal during the preparation lets it end, and no step is taken', async () => {
  const { session, engine } = await ready();
  const abort = new AbortController();
  engine.during = (call) => {
    if (call.startsWith('start')) abort.abort();
  };
  const events = await collect(session.unlearn({ forgetClass: 3 }, { signal: abort.signal }));
  expect(events).toMatchObject([{ type: 'done', stop: 'cancelled', steps: 0, evaluation: { network: 'model A' } }]);
  expect(engine.state().running).toBe(false);
});

test('a signal while the run waits for an earlier call keeps it from starting', async () => {
  const { session, engine } = await ready();
  const abort = new AbortController();
  const earlier = session.evaluate({ forgetClass: 1 });
  const run = collect(session.unlearn({ forgetClass: 3 }, { signal: abort.signal }));
  abort.abort();
  await earlier;
  expect(await run).toMatchObject([{ type: 'done', stop: 'cancelled', steps: 0 }]);
  expect(engine.calls).toEqual(['evaluate 1 test', 'evaluate 3 test']);
});

test('a signal that came before the run computes the scores and nothing else', async () => {
  const { session, engine } = await ready();
  const events = await collect(session.unlearn({ forgetClass: 3 }, { signal: AbortSignal.abort() }));
  expect(events).toMatchObject([{ type: 'done', stop: 'cancelled', steps: 0 }]);
  expect(engine.calls).toEqual(['evaluate 3 test']);
});

test('leaving the loop ends the run without an evaluation, and the next run starts afresh', async () => {
  const { session, engine } = await ready();
  for await (const event of session.unlearn({ forgetClass: 3 })) {
    expect(event.type).toBe('progress');
    break;
  }
  expect(engine.calls.slice(1)).toEqual(['advance 1', 'finish', 'exportModel']);
  expect(await collect(session.unlearn({ forgetClass: 4 }))).toHaveLength(4);
});

test('leaving after the last event asks nothing more of the engine', async () => {
  const { session, engine } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  for (let event = await run.next(); event.value?.type !== 'done'; event = await run.next());
  const before = engine.calls.length;
  await run.return();
  expect(engine.calls).toHaveLength(before);
});

const endings = {
  'another run': (session) => session.unlearn({ forgetClass: 5 }).next(),
  'a reset': (session) => session.reset(),
  'another network': (session) => session.loadModel(bytes('model B')),
  'another dataset': (session) => session.loadDataset({ kind: 'packed', file: bytes('data B') }),
  'another pair': (session) =>
    session.load({ model: bytes('model B'), dataset: { kind: 'packed', file: bytes('data B') } }),
  'keeping it': (session) => session.keep(),
} satisfies Record<string, (session: Awaited<ReturnType<typeof ready>>['session']) => Promise<unknown>>;

test.each(Object.entries(endings))('%s ends a paused run, which says so when it is pulled again', async (_, end) => {
  const { session, engine } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await end(session);
  expect(engine.state().running).toBe(Boolean(engine.calls.at(-1)?.startsWith('advance')));
  await expect(run.next()).rejects.toMatchObject({ code: 'bad-state', message: says(/^This run is over/) });
});

test('a run that cannot start says why, and the session goes on', async () => {
  const workers = fakeWorkers();
  const session = await openSession({ device: 'cpu' }, workers.make);
  await expect(session.unlearn({ forgetClass: 3 }).next()).rejects.toMatchObject({ code: 'bad-state' });
  await session.loadModel(bytes('model A'));
  await session.loadDataset({ kind: 'packed', file: bytes('data A') });
  expect(await collect(session.unlearn({ forgetClass: 3 }))).toHaveLength(4);
});

test('a step that fails without ending the engine ends the run', async () => {
  const { session, engine } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  engine.during = (call) => {
    if (call.startsWith('advance')) throw Object.assign(new Error('no such tensor'));
  };
  await expect(run.next()).rejects.toMatchObject({ code: 'internal', message: 'no such tensor' });
  expect(engine.calls.slice(-2)).toEqual(['finish', 'exportModel']);
  engine.during = () => {};
  expect(await collect(session.unlearn({ forgetClass: 3 }))).toHaveLength(4);
});

test('what one run left the next one goes on from', async () => {
  const { session } = await ready();
  await collect(session.unlearn({ forgetClass: 3 }));
  expect((await collect(session.unlearn({ forgetClass: [4, 5] }))).at(-1)).toMatchObject({
    type: 'done',
    evaluation: { network: 'model A|3:3|4,5:3' },
  });
  expect(await session.evaluate({ forgetClass: 3, network: 'loaded' })).toMatchObject({ network: 'model A' });
});

test('non-members that the data do not have fail before the run, not after it', async () => {
  const { session, engine } = await ready();
  await session.loadDataset({ kind: 'packed', file: bytes('data without val') });
  engine.calls.length = 0;
  await expect(session.unlearn({ forgetClass: 3, nonMembers: 'val' }).next()).rejects.toMatchObject({
    code: 'bad-config',
    message: 'nonMembers: expected \'test\' with these data, found "val"',
  });
  expect(engine.calls).toEqual([]);
});

test('scores that fail after a run take nothing of it away', async () => {
  const { session, engine } = await ready();
  engine.during = (call) => {
    if (call.startsWith('evaluate')) refuse('internal', 'no scores today');
  };
  await expect(collect(session.unlearn({ forgetClass: 3 }))).rejects.toMatchObject({ message: 'no scores today' });
  engine.during = () => {};
  expect(await session.evaluate({ forgetClass: 3 })).toMatchObject({ network: 'model A|3:3' });
  expect(session.lost).toBeUndefined();
});

test('a resolved configuration is itself one', async () => {
  const { session, engine } = await ready();
  const resolved = { ...(await session.resolveConfig({ forgetClass: 3 })), classes: { forget: [3], forgotten: [] } };
  await session.unlearn(resolved).next();
  expect(engine.calls).toContain('start {"forgetClass":3,"learningRate":0.005}');
});
