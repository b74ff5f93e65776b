import { expect, test } from 'vitest';
import { openSession } from '../src/session.js';
import type { Session, UnlearnEvent } from '../src/types/index.js';
import { bytes, type FakeEngine, type FakeWorker, fakeWorkers, refuse, says, unzipped } from './fakes.js';

const forever = () => new Promise<void>(() => {});
const trap = () => new WebAssembly.RuntimeError('unreachable');

/** Runs until the scores, and says what the network was then. */
async function forget(session: Session, forgetClass: number): Promise<unknown> {
  let last: UnlearnEvent | undefined;
  for await (const event of session.unlearn({ forgetClass })) last = event;
  if (last?.type !== 'done') throw new Error('the run did not end with its scores');
  return 'network' in last.evaluation && last.evaluation.network;
}

const exported = async (session: Session) => new TextDecoder().decode(await session.exportModel());

async function ready(prepare?: (engine: FakeEngine, worker: FakeWorker) => void) {
  const workers = fakeWorkers(undefined, prepare);
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
      refuse('device-lost', 'the webgpu device was lost: reset', true);
    },
    'device-lost',
    /reset/,
  ],
  'no memory left on the graphics card': [
    () => {
      refuse('out-of-memory', 'a buffer of 512 MB did not fit the graphics memory', true);
    },
    'out-of-memory',
    /^a buffer of 512 MB/,
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

const needsNetwork: Record<string, (session: Session) => Promise<unknown>> = {
  exportModel: (session) => session.exportModel(),
  evaluate: (session) => session.evaluate({ forgetClass: 3 }),
  'evaluate of what was loaded': (session) => session.evaluate({ forgetClass: 3, network: 'loaded' }),
  resolveConfig: (session) => session.resolveConfig({ forgetClass: 3 }),
  unlearn: (session) => session.unlearn({ forgetClass: 3 }).next(),
  keep: (session) => session.keep(),
};

const waysOn: Record<string, [(session: Session) => Promise<unknown>, string]> = {
  reset: [(session) => session.reset(), 'model A'],
  loadModel: [(session) => session.loadModel(bytes('model B')), 'model B'],
  load: [
    (session) => session.load({ model: bytes('model B'), dataset: { kind: 'packed', file: bytes('data B') } }),
    'model B',
  ],
};

test.each(Object.entries(waysOn))('a crash in the middle of a run loses the run, until %s', async (_, [goOn, then]) => {
  const { session, first, workers } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.engine.during = () => (first.panic('index out of bounds'), forever());
  await expect(run.next()).rejects.toMatchObject({ code: 'internal' });
  expect(await run.next()).toEqual({ done: true, value: undefined });

  const lost = /^A run was under way when the engine stopped \(.*index out of bounds.*\); what it had made .* is gone/;
  expect(session.lost).toMatch(lost);
  for (const [call, ask] of Object.entries(needsNetwork)) {
    await expect(ask(session), call).rejects.toMatchObject({ code: 'bad-state', message: says(lost) });
  }
  expect(workers.all, 'no engine is started only to refuse').toHaveLength(1);
  expect(await session.samples({ class: 1, count: 1 })).toMatchObject({ count: 1 });
  expect(unzipped(await session.exportDataset())).toBe('data A');
  await session.loadDataset({ kind: 'packed', file: bytes('data C') });
  expect(session.lost, 'a dataset brings no network back').toMatch(lost);
  await expect(session.loadModel(bytes('junk'))).rejects.toMatchObject({ code: 'bad-model' });
  expect(session.lost, 'nor does a bad network').toMatch(lost);

  await goOn(session);
  expect(session.lost).toBeUndefined();
  expect(await exported(session)).toBe(then);
  expect(await forget(session, 4)).toBe(`${then}|4:3`);
});

test('reset after a crash is the first thing that the new engine is asked for', async () => {
  const { session, first, workers } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.panic('index out of bounds');
  await expect(run.next()).rejects.toMatchObject({ code: 'internal' });
  await session.reset();
  expect(workers.last().engine.calls.at(-1)).toBe('reset');
  expect(await exported(session)).toBe('model A');
});

test('a crash while the scores of a run are computed takes nothing: a new engine computes them', async () => {
  const { session, first, workers } = await ready();
  first.engine.during = (call) => {
    if (call.startsWith('evaluate')) throw trap();
  };
  expect(await forget(session, 3)).toBe('model A|3:3');
  expect(session.lost).toBeUndefined();
  expect(workers.last().engine.calls).toEqual([
    'loadModel mnist.safetensors model A',
    'loadDataset packed dataset data A',
    'restore model A|3:3',
    'evaluate 3 test',
  ]);
});

test('scores that no engine can compute fail the run, and what it has made stays', async () => {
  let dying = true;
  const workers = fakeWorkers(undefined, (engine) => {
    engine.during = (call) => {
      if (dying && call.startsWith('evaluate')) throw trap();
    };
  });
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.loadModel(bytes('model A'));
  await session.loadDataset({ kind: 'packed', file: bytes('data A') });
  await expect(forget(session, 3)).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(workers.all).toHaveLength(2);
  dying = false;
  expect(await session.evaluate({ forgetClass: 3 })).toMatchObject({ network: 'model A|3:3' });
});

test('it survives any later crash, and another, and the next run goes on from it', async () => {
  const { session, workers } = await ready();
  await forget(session, 3);
  for (let i = 0; i < 2; i++) {
    workers.last().panic('index out of bounds');
    await expect(session.evaluate({ forgetClass: 3 })).rejects.toMatchObject({ code: 'internal' });
    expect(await exported(session)).toBe('model A|3:3');
  }
  expect(await forget(session, 4)).toBe('model A|3:3|4:3');
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  expect(await exported(session)).toBe('model A|3:3|4:3');
  await session.reset();
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  expect(await exported(session), 'reset has dropped it').toBe('model A');
});

test('a crash in the second of two runs loses what both have made', async () => {
  const { session, first } = await ready();
  await forget(session, 3);
  const second = session.unlearn({ forgetClass: 4 });
  await second.next();
  first.panic('index out of bounds');
  await expect(second.next()).rejects.toMatchObject({ code: 'internal' });
  expect(session.lost).toMatch(/what it had made of the network is gone/);
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'bad-state' });
  await session.reset();
  expect(await exported(session)).toBe('model A');
});

test('what was kept is what a crash comes back to', async () => {
  const { session, workers } = await ready();
  await forget(session, 3);
  await session.keep();
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  expect(await exported(session)).toBe('model A|3:3');
  expect(workers.last().engine.calls[0]).toBe('loadModel mnist.safetensors model A|3:3');

  const run = session.unlearn({ forgetClass: 4 });
  await run.next();
  workers.last().panic('index out of bounds');
  await expect(run.next()).rejects.toMatchObject({ code: 'internal' });
  await session.reset();
  expect(await exported(session)).toBe('model A|3:3');
});

test('a crash while the network is kept leaves it unkept, and not lost', async () => {
  const { session, first } = await ready();
  await forget(session, 3);
  first.engine.after = (call) => {
    if (call === 'keep') throw trap();
  };
  await expect(session.keep()).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(await exported(session)).toBe('model A|3:3');
  await session.reset();
  expect(await exported(session)).toBe('model A');
});

test('a run that was left early survives a crash as it was left', async () => {
  const { session, first } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await run.return();
  first.panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  expect(session.lost).toBeUndefined();
  expect(await exported(session)).toBe('model A|3:1');
});

test('so does one that a failed step ended', async () => {
  const { session, first } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.engine.during = (call) => {
    if (call.startsWith('advance')) refuse('internal', 'no such tensor');
  };
  await expect(run.next()).rejects.toMatchObject({ message: 'no such tensor' });
  first.panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  expect(await exported(session)).toBe('model A|3:1');
});

test('a run whose network could not be handed over is lost with the engine only', async () => {
  const { session, first } = await ready();
  first.engine.during = (call) => {
    if (call === 'exportModel') refuse('out-of-memory', 'no memory for a copy');
  };
  await expect(forget(session, 3)).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(session.lost).toBeUndefined();
  expect(await session.evaluate({ forgetClass: 3 })).toMatchObject({ network: 'model A|3:3' });
  first.panic('index out of bounds');
  await expect(session.evaluate({ forgetClass: 3 })).rejects.toMatchObject({ code: 'internal' });
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'bad-state', message: session.lost });
});

test('what an engine alone has can be kept as soon as it hands it over, and then survives it', async () => {
  const { session, first } = await ready();
  first.engine.during = (call) => {
    if (call === 'exportModel') refuse('out-of-memory', 'no memory for a copy');
  };
  await expect(forget(session, 3)).rejects.toMatchObject({ code: 'out-of-memory' });
  await expect(session.keep()).rejects.toMatchObject({ code: 'out-of-memory' });
  first.engine.during = () => {};
  await session.keep();
  first.panic('index out of bounds');
  await expect(session.reset()).rejects.toMatchObject({ code: 'internal' });
  expect(await exported(session)).toBe('model A|3:3');
});

test('a run that the engine could not end is ended by the next call that needs it ended', async () => {
  const { session, first } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.engine.during = (call) => {
    if (call === 'finish') refuse('internal', 'not now');
  };
  await expect(run.return()).rejects.toMatchObject({ message: 'not now' });
  first.engine.during = () => {};
  expect(await forget(session, 4)).toBe('model A|3:1|4:3');
});

test.each(['finish', 'exportModel'])('a crash in the %s at the end of a run loses it', async (last) => {
  const { session, first } = await ready();
  first.engine.after = (call) => {
    if (call === last) throw trap();
  };
  await expect(forget(session, 3)).rejects.toMatchObject({ code: 'out-of-memory' });
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'bad-state', message: session.lost });
});

test('a crash while a run is prepared loses nothing', async () => {
  const { session, first } = await ready();
  await forget(session, 3);
  first.engine.after = (call) => {
    if (call.startsWith('start')) throw trap();
  };
  await expect(forget(session, 4)).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(session.lost).toBeUndefined();
  expect(await forget(session, 4)).toBe('model A|3:3|4:3');
});

test.each(['a load', 'a reset'])('a crash in %s during a paused run', async (which) => {
  const { session, first } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.engine.after = (call) => {
    if (call.startsWith('loadModel') || call === 'reset') throw trap();
  };
  const asked = which === 'a load' ? session.loadModel(bytes('model B')) : session.reset();
  await expect(asked).rejects.toMatchObject({ code: 'out-of-memory' });
  await expect(run.next()).rejects.toMatchObject({ code: which === 'a load' ? 'bad-state' : 'out-of-memory' });
  // A load ends the run first, and has its network; a reset just drops it.
  if (which === 'a load') expect(await exported(session)).toBe('model A|3:1');
  else expect(session.lost).toMatch(/is gone/);
  expect(session.model?.dataset).toBe('model A');
});

test('a crash that is noticed while a run is paused shows at once', async () => {
  const { session, first, workers } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.dispatchEvent(Object.assign(new Event('error'), { message: 'boom' }));
  expect(session.lost).toMatch(/The worker stopped: boom/);
  await expect(run.next()).rejects.toMatchObject({ code: 'internal', message: says(/^The worker stopped: boom$/) });
  expect(workers.all, 'no engine is started only to refuse').toHaveLength(1);
});

test('a paused run does not outlive a crash in another call', async () => {
  const { session, first } = await ready();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  first.engine.during = () => {
    throw trap();
  };
  await expect(session.evaluate({ forgetClass: 3 })).rejects.toMatchObject({ code: 'out-of-memory' });
  await expect(run.next()).rejects.toMatchObject({ code: 'out-of-memory' });
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

test('a new start that fails is tried again by the next call, and loses nothing', async () => {
  let offline = false;
  const { session, workers } = await ready(() => {
    if (offline) refuse('network', 'the engine could not be fetched');
  });
  await forget(session, 3);
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  offline = true;
  await expect(session.reset()).rejects.toMatchObject({ code: 'network' });
  offline = false;
  expect(await exported(session), 'the reset did not happen').toBe('model A|3:3');
  expect(workers.all.map((worker) => worker.terminated)).toEqual([true, true, false]);
});

test('a crash while everything is loaded again is not held against the files the first time', async () => {
  let crashes = 0;
  const { session, workers } = await ready((engine) => {
    engine.during = () => {
      if (crashes-- > 0) throw trap();
    };
  });
  await forget(session, 3);
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  crashes = 1;
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(await exported(session)).toBe('model A|3:3');
});

const notLoadable: Record<string, [string, (session: Session) => Promise<void>]> = {
  data: [
    'loadDataset',
    async (session) => {
      expect(session.dataset).toBeUndefined();
      expect(session.model).toMatchObject({ dataset: 'model A' });
      expect(await exported(session)).toBe('model A|3:3');
      await session.loadDataset({ kind: 'packed', file: bytes('data B') });
      expect(await session.evaluate({ forgetClass: 3 })).toMatchObject({ network: 'model A|3:3' });
    },
  ],
  'the network as it was loaded': [
    'loadModel',
    async (session) => {
      expect(session.model).toBeUndefined();
      expect(session.lost).toMatch(/what runs had made of the network could not be brought back/);
      await expect(session.exportModel()).rejects.toMatchObject({ code: 'bad-state', message: session.lost });
      await session.loadModel(bytes('model B'));
      expect(await forget(session, 4)).toBe('model B|4:3');
    },
  ],
  'the network that runs have made': [
    'restore',
    async (session) => {
      expect(session.lost).toMatch(/what runs had made of the network could not be brought back/);
      await expect(session.exportModel()).rejects.toMatchObject({ code: 'bad-state', message: session.lost });
      await session.reset();
      expect(await exported(session)).toBe('model A');
    },
  ],
};

test.each(
  Object.entries(notLoadable).flatMap(([what, rest]) => [
    [what, 'ends the engine', ...rest] as const,
    [what, 'is refused', ...rest] as const,
  ]),
)('%s: what %s when it is loaded again does not keep the session from being used', async (_, how, call, then) => {
  let bad = false;
  const { session, workers } = await ready((engine) => {
    engine.during = (made) => {
      if (!bad || !made.startsWith(call) || made.includes(' B')) return;
      if (how === 'is refused') refuse('io', 'the file cannot be read any more');
      throw trap();
    };
  });
  await forget(session, 3);
  bad = true;
  workers.last().panic('index out of bounds');
  await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
  const code = how === 'is refused' ? 'io' : 'out-of-memory';
  await expect(session.samples({ class: 1, count: 1 })).rejects.toMatchObject({ code });
  if (how === 'ends the engine') await expect(session.samples({ class: 1, count: 1 })).rejects.toMatchObject({ code });
  await then(session);
});
