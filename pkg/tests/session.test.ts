import { expect, onTestFinished, test, vi } from 'vitest';
import { openSession } from '../src/session.js';
import type { LoadProgress, SessionOptions } from '../src/types.js';
import { bytes, fakeWorkers, refuse, says, settle, type Workers } from './fakes.js';

const model = bytes('model A');
const data = { kind: 'packed', file: bytes('data A') } as const;

async function open(workers: Workers, options: SessionOptions = {}) {
  return openSession({ device: 'cpu', ...options }, workers.make);
}

test('calls made at once are answered one after the other, in order', async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  const results = await Promise.all([
    session.loadModel(model),
    session.loadDataset(data),
    session.samples({ class: 3, count: 2 }),
    session.evaluate({ forgetClass: 3, nonMembers: 'val' }),
    session.evaluate({ forgetClass: 3, model: new File(['model B'], 'without-3.safetensors') }),
    session.resolveConfig({ forgetClass: 3 }),
    session.reset(),
  ]);
  expect(workers.last().engine.calls).toEqual([
    'loadModel model model A',
    'loadDataset packed dataset data A',
    'samples train 3 2',
    'evaluate 3 val',
    'evaluate 3 test without-3.safetensors model B',
    'resolveConfig',
    'reset',
  ]);
  expect(results[2].pixels).toEqual(new Uint8Array(8).fill(3));
  expect(results[5].learningRate).toBe(0.005);
  expect(session.model).toBe(results[0]);
  expect(session.dataset).toBe(results[1]);
});

test('a call waits for a slow download that was asked for before it', async () => {
  vi.stubGlobal('fetch', () => settle().then(() => new Response('model slow')));
  onTestFinished(() => void vi.unstubAllGlobals());
  const workers = fakeWorkers();
  const session = await open(workers);
  await Promise.all([
    session.loadModel('/slow.safetensors'),
    session.loadDataset(data),
    session.evaluate({ forgetClass: 0 }),
  ]);
  expect(workers.last().engine.calls.map((call) => call.split(' ')[0])).toEqual([
    'loadModel',
    'loadDataset',
    'evaluate',
  ]);
});

test('a bad file fails its own call only; the network loaded before stays', async () => {
  const session = await open(fakeWorkers());
  const info = await session.loadModel(model);
  await session.loadDataset(data);
  const bad = session.loadModel(new File(['junk'], 'broken.safetensors'));
  const next = session.evaluate({ forgetClass: 1 });
  await expect(bad).rejects.toMatchObject({
    name: 'PurgeError',
    code: 'bad-model',
    message: 'broken.safetensors: expected safetensors, found junk',
  });
  await expect(next).resolves.toMatchObject({ classes: { forget: [1] } });
  expect(session.model).toBe(info);
});

test('the four IDX files reach the engine in its order, under their names', async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  await session.loadDataset({
    kind: 'idx',
    testLabels: bytes('data 4'),
    testImages: new File(['data 3'], 't10k-images'),
    trainLabels: bytes('data 2'),
    trainImages: bytes('data 1'),
  });
  expect(workers.last().engine.calls).toEqual([
    'loadDataset idx training images,training labels,t10k-images,test labels data 1,data 2,data 3,data 4',
  ]);
});

test("the caller's buffers stay whole, the engine's are handed over without a copy", async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  const mine = bytes('model A');
  await session.loadModel(mine);
  expect(mine.byteLength).toBe(7);
  expect(await session.exportModel()).toEqual(bytes('model A'));
  await session.samples({ class: 1, count: 1, split: 'test' });
  expect(workers.last().engine.handedOut.map((given) => given.byteLength)).toEqual([0, 0]);
});

test('loading reports bytes of the engine, the network and the data', async () => {
  const seen: LoadProgress[] = [];
  const session = await open(fakeWorkers(), { onProgress: (progress) => seen.push(progress) });
  await session.loadModel(model);
  await session.loadDataset(data);
  expect(seen).toEqual([
    { what: 'engine', loaded: 10, total: 20 },
    { what: 'engine', loaded: 20, total: 20 },
    { what: 'model', loaded: 7, total: 7 },
    { what: 'dataset', loaded: 6, total: 6 },
  ]);
});

test('what is no source at all is refused in words', async () => {
  const session = await open(fakeWorkers());
  await expect(session.loadModel(undefined as unknown as Blob)).rejects.toMatchObject({
    code: 'bad-config',
    message: 'model: expected an address, bytes or a Blob, found undefined',
  });
  await expect(session.loadDataset({ kind: 'csv' } as never)).rejects.toMatchObject({
    code: 'bad-config',
    message: `dataset: expected kind 'packed', 'medmnist', 'idx', 'stl10', 'cifar10', 'cifar100' or 'svhn', found "csv"`,
  });
});

test('close ends the worker, fails what is under way and refuses what comes later', async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  const underWay = session.loadModel(model);
  const waiting = session.reset();
  session.close();
  await expect(underWay).rejects.toMatchObject({ code: 'cancelled' });
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  await expect(session.reset()).rejects.toMatchObject({ code: 'bad-state', message: 'The session is closed.' });
  expect(workers.all.map((worker) => worker.terminated)).toEqual([true]);
});

test('a signal cancels the opening, before it begins and in the middle', async () => {
  const workers = fakeWorkers();
  await expect(open(workers, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  expect(workers.all).toHaveLength(0);

  const abort = new AbortController();
  const opening = open(workers, { signal: abort.signal, onProgress: () => abort.abort() });
  await expect(opening).rejects.toMatchObject({ code: 'cancelled' });
  expect(workers.last().terminated).toBe(true);
});

test('the signal closes a session that is open', async () => {
  const abort = new AbortController();
  const workers = fakeWorkers();
  const session = await open(workers, { signal: abort.signal });
  abort.abort();
  await expect(session.reset()).rejects.toMatchObject({ code: 'bad-state' });
  expect(workers.last().terminated).toBe(true);
});

test('an engine that cannot be opened fails with its own code and leaves no worker behind', async () => {
  const workers = fakeWorkers(undefined, () => {
    refuse('network', 'purge_unlearning_bg.wasm: the server answered 404');
  });
  await expect(open(workers)).rejects.toMatchObject({ code: 'network', message: says(/404/) });
  expect(workers.all.map((worker) => worker.terminated)).toEqual([true]);
});
