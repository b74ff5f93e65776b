import { describe, expect, test } from 'vitest';
import { openSession } from '../src/session.js';
import type { Session, SessionOptions } from '../src/types/index.js';
import { bytes, type FakeEngine, type FakeWorker, fakeGpu, fakeWorkers, refuse, says, settle } from './fakes.js';

const exported = async (session: Session) => new TextDecoder().decode(await session.exportModel());
const forever = () => new Promise<void>(() => {});

/** Engines of which a step takes as long as it is said. */
const paces = (webgpu: number, cpu: number) => (engine: FakeEngine) => {
  engine.pace = () => (engine.kind === 'webgpu' ? webgpu : cpu);
};
const slow = paces(310, 15);
const quick = paces(3, 15);

async function open(
  prepare: (engine: FakeEngine, worker: FakeWorker) => void,
  options: SessionOptions = {},
  files = ['model A', 'data A'],
) {
  const workers = fakeWorkers(fakeGpu(), prepare);
  const session = await openSession(options, workers.make);
  await session.loadModel(new File([files[0] ?? ''], 'a.safetensors'));
  await session.loadDataset({ kind: 'packed', file: bytes(files[1] ?? '') });
  return { session, workers };
}

const calls = (worker: FakeWorker | undefined) => worker?.engine.calls.map((call) => call.split(' ')[0]);

describe('auto, where there is a GPU', () => {
  test('that is quick: stays, and no CPU module is fetched', async () => {
    const { session, workers } = await open(quick);
    const device = { kind: 'webgpu', name: 'fake webgpu', pace: { webgpu: 3 } };
    expect(await session.warmUp()).toEqual(device);
    expect(session.device).toEqual(device);
    expect(workers.all).toHaveLength(1);
    expect(workers.last().engine.calls.slice(2)).toEqual(['rehearse 16 of 2×3', 'rehearse 128 of 2×3']);
  });

  test('that is slow: goes on with the CPU, with all that was loaded and made, and says why', async () => {
    const { session, workers } = await open(slow);
    for await (const event of session.unlearn({ forgetClass: 3 })) void event;
    const before = { model: session.model, dataset: session.dataset, network: await exported(session) };
    const device = await session.warmUp();
    expect(device).toEqual({
      kind: 'cpu',
      name: 'fake cpu',
      reason: 'The GPU here needs more than 310 ms for a step, the CPU 120 ms.',
      pace: { webgpu: 310, atLeast: true, cpu: 120 },
    });
    expect(session.device).toEqual(device);
    expect(workers.all.map(({ terminated }) => terminated)).toEqual([true, false]);
    expect({ model: session.model, dataset: session.dataset, network: await exported(session) }).toEqual(before);
    await session.reset();
    expect(await exported(session)).toBe('model A');
  });

  test('that is quicker than the CPU: stays, the CPU goes again, and both figures are told', async () => {
    const { session, workers } = await open(paces(50, 60));
    expect(await session.warmUp()).toMatchObject({ kind: 'webgpu', pace: { webgpu: 50, cpu: 480 } });
    expect(session.device.reason).toBeUndefined();
    expect(workers.all.map(({ terminated }) => terminated)).toEqual([false, true]);
    expect(await exported(session)).toBe('model A');
  });

  test('finds out once; engines to come have the same device and say the same', async () => {
    const { session, workers } = await open(slow);
    const device = await session.warmUp();
    expect(await session.warmUp()).toEqual(device);
    workers.last().panic('index out of bounds');
    await expect(session.exportModel()).rejects.toMatchObject({ code: 'internal' });
    expect(await exported(session)).toBe('model A');
    expect(session.device).toEqual(device);
    expect(workers.last().requests).not.toContain('detect');

    const other = await open(quick);
    await other.session.warmUp();
    await other.session.warmUp();
    expect(calls(other.workers.last())).toEqual(['loadModel', 'loadDataset', 'rehearse', 'rehearse', 'rehearse']);
    other.workers.last().panic('Device lost');
    await expect(other.session.exportModel()).rejects.toMatchObject({ code: 'device-lost' });
    await other.session.exportModel();
    expect(other.session.device).toMatchObject({ kind: 'webgpu', pace: { webgpu: 3 } });
  });

  test('whose device is lost in a step: goes on with the CPU, and nobody need do anything', async () => {
    const { session } = await open((engine, worker) => {
      if (engine.kind !== 'webgpu') return;
      engine.during = (call) => (call.startsWith('rehearse') ? (worker.panic('Device lost'), forever()) : undefined);
    });
    const reason = says(/^The GPU stopped in a trial step: The graphics device was lost/);
    expect(await session.warmUp()).toEqual({ kind: 'cpu', name: 'fake cpu', reason });
    expect(session.lost).toBeUndefined();
    expect(await exported(session)).toBe('model A');
  });

  test.each<[string, (engine: FakeEngine, worker: FakeWorker) => void]>([
    ['cannot be fetched', () => refuse('network', 'not there')],
    ['cannot take the network', (engine) => (engine.during = () => refuse('out-of-memory', 'too much', true))],
    [
      'stops in a step',
      (engine, worker) =>
        (engine.during = (call) => {
          if (call.startsWith('rehearse')) worker.panic('index out of bounds');
        }),
    ],
  ])('beside a CPU that %s: stays', async (_, trouble) => {
    const { session } = await open((engine, worker) => {
      if (engine.kind === 'webgpu') slow(engine);
      else trouble(engine, worker);
    });
    expect(await session.warmUp()).toEqual({ kind: 'webgpu', name: 'fake webgpu', pace: { webgpu: 310 } });
    expect(await exported(session)).toBe('model A');
  });

  test('stays where the CPU cannot take the data, which are not let go', async () => {
    const { session, workers } = await open((engine) => {
      slow(engine);
      if (engine.kind === 'cpu') {
        engine.during = (call) => (call.startsWith('loadDataset') ? refuse('out-of-memory', 'too much') : undefined);
      }
    });
    await expect(session.warmUp()).resolves.toMatchObject({ kind: 'webgpu' });
    expect(session.dataset).toBeDefined();
    expect(workers.all.map(({ terminated }) => terminated)).toEqual([false, true]);
    await session.evaluate({ forgetClass: 3 });
  });
});

describe('a device that was asked for', () => {
  test('webgpu stays, however slow, and is warm', async () => {
    const { session, workers } = await open(slow, { device: 'webgpu' });
    expect(await session.warmUp()).toEqual({ kind: 'webgpu', name: 'fake webgpu' });
    expect(workers.all).toHaveLength(1);
    expect(calls(workers.last())).toContain('rehearse');
  });

  test('webgpu that is lost in a step is told, once, and the next call has a new engine', async () => {
    let lost = 0;
    const { session } = await open(
      (engine, worker) => {
        engine.during = (call) =>
          call.startsWith('rehearse') && lost++ === 0 ? (worker.panic('Device lost'), forever()) : undefined;
      },
      { device: 'webgpu' },
    );
    await expect(session.warmUp()).rejects.toMatchObject({ code: 'device-lost' });
    expect(await exported(session)).toBe('model A');
    expect(await session.warmUp()).toMatchObject({ kind: 'webgpu' });
  });

  test('cpu has nothing to warm up', async () => {
    const { session, workers } = await open(slow, { device: 'cpu' });
    expect(await session.warmUp()).toEqual({ kind: 'cpu', name: 'fake cpu' });
    expect(calls(workers.last())).toEqual(['loadModel', 'loadDataset']);
  });
});

describe('what is asked for meanwhile', () => {
  /** An engine whose rehearsals take as long as they are let. */
  async function held(kind: string) {
    const asked: (() => void)[] = [];
    const opened = await open((engine) => {
      slow(engine);
      if (engine.kind !== kind) return;
      engine.during = (call) =>
        call.startsWith('rehearse') ? new Promise<void>((resolve) => void asked.push(resolve)) : undefined;
    });
    const warming = opened.session.warmUp();
    while (asked.length === 0) await settle();
    return { ...opened, warming, release: () => asked.forEach((resolve) => resolve()) };
  }

  test.each(['webgpu', 'cpu'])('ends it while the %s takes a step, and comes next', async (kind) => {
    const { session, workers, warming, release } = await held(kind);
    const next = exported(session);
    await settle();
    release();
    expect(await warming).toBeUndefined();
    expect(await next).toBe('model A');
    expect(session.device).toEqual({ kind: 'webgpu', name: 'fake webgpu' });
    expect(workers.all[0]?.terminated).toBe(false);
    expect(workers.all.slice(1).every(({ terminated }) => terminated)).toBe(true);
    expect(calls(workers.all[0])?.at(-1)).toBe('exportModel');
  });

  test('does not wait for the module of the CPU', async () => {
    let fetched: () => void = () => {};
    const { session, workers } = await open((engine, worker) => {
      slow(engine);
      if (engine.kind === 'cpu') fetched = () => worker.dispatchEvent(new Event('error'));
    });
    const make = workers.all.length;
    const warming = session.warmUp();
    while (workers.all.length === make) await new Promise((resolve) => setTimeout(resolve));
    const next = exported(session);
    expect(await warming).toBeUndefined();
    expect(await next).toBe('model A');
    await settle();
    fetched();
    expect(workers.last().terminated).toBe(true);
    expect(session.device.kind).toBe('webgpu');
  });

  test('a signal ends it, too, before and after it has begun; another one goes on', async () => {
    const controller = new AbortController();
    const { session, release } = await held('webgpu');
    const warming = session.warmUp({ signal: controller.signal });
    controller.abort();
    release();
    expect(await warming).toBeUndefined();
    expect(await session.warmUp({ signal: AbortSignal.abort() })).toBeUndefined();
    const later = session.warmUp();
    await settle();
    release();
    await settle();
    release();
    expect(await later).toMatchObject({ kind: 'cpu' });
  });

  test('in the middle of a run it does nothing, and the run goes on', async () => {
    const { session } = await open(slow);
    const run = session.unlearn({ forgetClass: 3 });
    await run.next();
    expect(await session.warmUp()).toBeUndefined();
    let last;
    for await (const event of run) last = event;
    expect(last).toMatchObject({ type: 'done', steps: 3, evaluation: { network: 'model A|3:3' } });
    expect(session.device.kind).toBe('webgpu');
  });

  test('closing the session ends it', async () => {
    const { session, workers, warming } = await held('cpu');
    session.close();
    await expect(warming).rejects.toMatchObject({ code: 'cancelled' });
    expect(workers.all.every(({ terminated }) => terminated)).toBe(true);
  });
});

test('without a network and data that go together there is nothing to take a step with', async () => {
  const workers = fakeWorkers(fakeGpu(), slow);
  const session = await openSession({}, workers.make);
  await expect(session.warmUp()).rejects.toMatchObject({ code: 'bad-state' });
  const misfits = await open(slow, {}, ['model A', 'data colour']);
  await expect(misfits.session.warmUp()).rejects.toMatchObject({ code: 'bad-model' });
  await expect(session.warmUp({ when: 'now' } as never)).rejects.toMatchObject({ code: 'bad-config' });
});
