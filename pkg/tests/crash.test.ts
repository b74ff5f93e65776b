import { expect, test } from 'vitest';
import { openSession } from '../src/session.js';
import { bytes, type FakeWorker, fakeWorkers, refuse, says } from './fakes.js';

const forever = () => new Promise<void>(() => {});
const trap = () => new WebAssembly.RuntimeError('unreachable');

async function ready() {
  const workers = fakeWorkers();
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.loadModel(new File(['model A'], 'mnist.safetensors'));
  await session.loadDataset({ kind: 'packed', file: bytes('data A') });
  return { session, workers, first: workers.last() };
}

/** How an engine can end in the middle of a call, and what the caller must be told. */
const crashes: Record<string, [(worker: FakeWorker) => void | Promise<void>, string, RegExp]> = {
  'a panic that reaches the call': [
    (worker) => {
      worker.scope.console.error('panicked at src/web/engine.rs:7:5:\nindex out of bounds\n\nStack:\n\nError');
      throw trap();
    },
    'internal',
    /^The engine stopped: index out of bounds \(src\/web\/engine\.rs:7:5\)$/,
  ],
  'a panic inside a future': [
    (worker) => (worker.panic('called unwrap on None'), forever()),
    'internal',
    /called unwrap on None/,
  ],
  'a panic that shows as a rejection': [
    (worker) => (worker.panic('Device lost: unknown', 'unhandledrejection'), forever()),
    'device-lost',
    /^The graphics device was lost \(Device lost: unknown/,
  ],
  'a trap without a word': [
    () => {
      throw trap();
    },
    'out-of-memory',
    /ran out of memory/,
  ],
  'a failed allocation': [
    () => {
      throw new RangeError('Array buffer allocation failed');
    },
    'out-of-memory',
    /allocation failed/,
  ],
  'a lost device that the engine noticed': [
    () => {
      refuse('device-lost', 'the webgpu device was lost: reset');
    },
    'device-lost',
    /reset/,
  ],
  'a worker that dies': [
    (worker) => (worker.dispatchEvent(Object.assign(new Event('error'), { message: 'boom' })), forever()),
    'internal',
    /^The worker stopped: boom$/,
  ],
};

test.each(Object.entries(crashes))(
  '%s: the call fails, the next one works in a new worker',
  async (_, [crash, code, message]) => {
    const { session, workers, first } = await ready();
    first.engine.during = () => crash(first);
    await expect(session.evaluate({ forgetClass: 3 })).rejects.toMatchObject({
      name: 'PurgeError',
      code,
      message: says(message),
    });
    expect(first.terminated).toBe(true);

    await expect(session.evaluate({ forgetClass: 3 })).resolves.toMatchObject({ classes: { forget: [3] } });
    expect(workers.all).toHaveLength(2);
    expect(workers.last().engine.calls).toEqual([
      'loadModel mnist.safetensors model A',
      'loadDataset packed dataset data A',
      'evaluate 3 test',
    ]);
  },
);

test('the panic is still logged for whoever looks at the console', async () => {
  const { first } = await ready();
  first.panic('index out of bounds');
  expect(first.scope.logged).toHaveLength(1);
});

test('an engine that dies between calls fails the next one, and the one after works', async () => {
  const { session, first, workers } = await ready();
  first.panic('Device lost');
  await expect(session.reset()).rejects.toMatchObject({ code: 'device-lost' });
  await session.reset();
  expect(workers.all).toHaveLength(2);
});

test('a crash in the middle of a run ends the run; a new one works', async () => {
  const { session, first, workers } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.engine.during = () => (first.panic('index out of bounds'), forever());
  await expect(run.next()).rejects.toMatchObject({ code: 'internal' });
  expect(await run.next()).toEqual({ done: true, value: undefined });

  const events = [];
  for await (const event of session.unlearn({ forgetClass: 3 })) events.push(event.type);
  expect(events).toEqual(['progress', 'progress', 'progress', 'done']);
  expect(workers.all).toHaveLength(2);
});

test('a paused run does not outlive a crash in another call', async () => {
  const { session, first } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.engine.during = () => {
    throw trap();
  };
  await expect(session.evaluate({ forgetClass: 3 })).rejects.toMatchObject({ code: 'out-of-memory' });
  await expect(run.next()).rejects.toMatchObject({ code: 'bad-state', message: says(/a failure ended it/) });
});

test('calls that waited behind the one that crashed are answered by the new worker', async () => {
  const { session, first } = await ready();
  first.engine.during = () => {
    first.engine.during = () => {};
    throw trap();
  };
  const crashed = session.evaluate({ forgetClass: 3 });
  const waiting = session.evaluate({ forgetClass: 4 });
  await expect(crashed).rejects.toMatchObject({ code: 'out-of-memory' });
  await expect(waiting).resolves.toMatchObject({ classes: { forget: [4] } });
});

test('a file that crashes the engine is not loaded again', async () => {
  const { session, first, workers } = await ready();
  first.engine.during = () => {
    throw trap();
  };
  await expect(session.loadModel(bytes('model too large'))).rejects.toMatchObject({ code: 'out-of-memory' });
  await session.reset();
  expect(workers.last().engine.calls[0]).toBe('loadModel mnist.safetensors model A');
});

test('a new start that fails is tried again by the next call', async () => {
  let offline = false;
  const workers = fakeWorkers(undefined, () => {
    if (offline) refuse('network', 'the engine could not be fetched');
  });
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.loadModel(bytes('model A'));
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  offline = true;
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'network' });
  offline = false;
  expect(await session.exportModel()).toEqual(bytes('model A'));
  expect(workers.all.map((worker) => worker.terminated)).toEqual([true, true, false]);
});

test('data that cannot be loaded again do not keep the session from being used', async () => {
  let tooLarge = false;
  const workers = fakeWorkers(undefined, (engine) => {
    engine.during = (call) => {
      if (tooLarge && call.endsWith('data A')) throw trap();
    };
  });
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.loadModel(bytes('model A'));
  await session.loadDataset({ kind: 'packed', file: bytes('data A') });
  tooLarge = true;
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(session.dataset).toBeUndefined();
  expect(await session.exportModel()).toEqual(bytes('model A'));
  await session.loadDataset({ kind: 'packed', file: bytes('data B') });
  await expect(session.evaluate({ forgetClass: 3 })).resolves.toMatchObject({ classes: { forget: [3] } });
});
