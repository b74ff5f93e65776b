import { expect, onTestFinished, test, vi } from 'vitest';
import { openSession } from '../src/session.js';
import type { LoadProgress, SessionOptions } from '../src/types/index.js';
import { bytes, fakeWorkers, refuse, says, settle, type Workers, unzipped } from './fakes.js';

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
    'resolveConfig {"forgetClass":3}',
    'reset',
  ]);
  expect(results[2].pixels).toEqual(new Uint8Array(8).fill(3));
  expect(results[5].learningRate).toBe(0.005);
  expect(session.model).toEqual(results[0]);
  expect(session.dataset).toEqual(results[1]);
});

test('what a session tells of is the same object until it changes', async () => {
  const session = await open(fakeWorkers());
  const [network] = await Promise.all([session.loadModel(model), session.loadDataset(data)]);
  const { dataset } = session;
  await session.evaluate({ forgetClass: 3 });
  await session.reset();
  expect(session.model).toBe(network);
  expect(session.dataset).toBe(dataset);
  await session.loadModel(bytes('model B'));
  expect(session.model).not.toEqual(network);
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
  expect(session.model).toMatchObject({ name: 'model', dataset: info.dataset });
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
  const given = bytes('model A');
  await session.loadModel(given);
  await session.loadDataset(data);
  expect(given.byteLength).toBe(7);
  expect(await session.exportModel()).toEqual(bytes('model A'));
  expect(unzipped(await session.exportDataset())).toBe('data A');
  expect(unzipped(await session.exportDataset({ light: true }))).toBe('data A in part');
  await session.samples({ class: 1, count: 1, split: 'val' });
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await run.return();
  expect(workers.last().engine.handedOut.map((handed) => handed.byteLength)).toEqual([0, 0, 0]);
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

test('whatever is loaded, network and data both tell how they are together', async () => {
  const session = await open(fakeWorkers());
  await session.loadDataset(data);
  expect(session.dataset?.members).toBe('all');
  await session.loadModel(model);
  expect(session.dataset?.members).toBe('those of model A');
  await session.loadModel(bytes('model B'));
  expect(session.dataset?.members).toBe('those of model B');
});

test('what does not fit is loaded, and said to be a misfit until it fits', async () => {
  const session = await open(fakeWorkers());
  await session.loadModel(model);
  const colour = await session.loadDataset({ kind: 'packed', file: bytes('data in colour') });
  const misfit = { expected: 'colour', found: 'grey', message: says(/^expected a network for colour images/) };
  expect(session.misfit).toEqual(misfit);
  expect(colour.misfit).toEqual(misfit);
  expect(session.model?.misfit).toEqual(misfit);
  const refused = { code: 'bad-model', message: says(/^expected a network for colour images/) };
  await expect(session.evaluate({ forgetClass: 3 })).rejects.toMatchObject(refused);
  await expect(session.resolveConfig({ forgetClass: 3 })).rejects.toMatchObject(refused);
  await expect(session.unlearn({ forgetClass: 3 }).next()).rejects.toMatchObject(refused);
  expect(await session.samples({ class: 1, count: 2 })).toMatchObject({ count: 2 });

  await session.loadModel(bytes('model for colour'));
  expect(session.misfit).toBeUndefined();
  expect(session.model?.misfit).toBeUndefined();
  expect(await session.evaluate({ forgetClass: 3 })).toMatchObject({ network: 'model for colour' });
});

test('a pair is loaded at once, or not at all', async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  const first = await session.load({ model, dataset: data });
  expect(workers.last().engine.calls).toEqual(['load model model A packed dataset data A']);
  expect([first.model, first.dataset]).toEqual([session.model, session.dataset]);
  for (const [pair, code] of [
    [{ model: bytes('junk'), dataset: { kind: 'packed', file: bytes('data B') } }, 'bad-model'],
    [{ model: bytes('model B'), dataset: { kind: 'packed', file: bytes('junk') } }, 'bad-dataset'],
    [{ model: bytes('model B'), dataset: { kind: 'packed', file: bytes('data huge') } }, 'out-of-memory'],
  ] as const) {
    await expect(session.load(pair)).rejects.toMatchObject({ name: 'PurgeError', code });
    expect([session.model, session.dataset]).toEqual([first.model, first.dataset]);
  }
  expect(workers.all).toHaveLength(1);
});

test('data too large for the memory are refused, and everything else stays', async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  await session.load({ model, dataset: data });
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await expect(session.loadDataset({ kind: 'packed', file: bytes('data huge') })).rejects.toMatchObject({
    code: 'out-of-memory',
  });
  expect(workers.all).toHaveLength(1);
  expect(session.dataset?.title).toBe('data A');
  expect(session.lost).toBeUndefined();
  expect(await session.exportModel()).toEqual(bytes('model A|3:1'));
});

test('a file too large for an array is refused without touching the engine', async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  await session.load({ model, dataset: data });
  const file = new File(['data B'], 'b.purge');
  vi.spyOn(Blob.prototype, 'arrayBuffer').mockRejectedValueOnce(new RangeError('Array buffer allocation failed'));
  onTestFinished(() => void vi.restoreAllMocks());
  await expect(session.loadDataset({ kind: 'packed', file })).rejects.toMatchObject({ code: 'out-of-memory' });
  expect(await session.evaluate({ forgetClass: 3 })).toMatchObject({ network: 'model A' });
  expect(workers.all).toHaveLength(1);
});

test('reset comes back to what was loaded, and to what was kept', async () => {
  const session = await open(fakeWorkers());
  await session.load({ model: new File(['model A'], 'a.safetensors'), dataset: data });
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await session.reset();
  expect(await session.exportModel()).toEqual(bytes('model A'));
  for await (const event of session.unlearn({ forgetClass: 3 })) if (event.type === 'done') break;
  expect(await session.keep()).toMatchObject({ name: 'a.safetensors', dataset: 'model A|3:3' });
  for await (const event of session.unlearn({ forgetClass: 4 })) if (event.type === 'done') break;
  await session.reset();
  expect(await session.exportModel()).toEqual(bytes('model A|3:3'));
});

test('what a listener throws is reported, and the loading goes on', async () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  onTestFinished(() => void vi.unstubAllGlobals());
  const session = await open(fakeWorkers(), {
    onProgress: () => {
      throw new Error('no element with this id');
    },
  });
  expect(await session.loadModel(model)).toMatchObject({ dataset: 'model A' });
  expect(reported).toHaveBeenCalledWith(new Error('no element with this id'));
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

test('close in the middle of anything ends it, and starts nothing new', async () => {
  for (const call of ['start', 'advance', 'finish', 'evaluate', 'exportModel', 'load model', 'keep', 'reset']) {
    const workers = fakeWorkers();
    const session = await open(workers);
    await session.load({ model, dataset: data });
    workers.last().engine.during = (made) => {
      if (made.startsWith(call)) session.close();
    };
    const asked = (async () => {
      for await (const event of session.unlearn({ forgetClass: 3 })) if (event.type === 'done') break;
      await session.keep();
      await session.reset();
      await session.load({ model, dataset: data });
    })();
    await expect(asked, call).rejects.toMatchObject({ name: 'PurgeError', code: 'cancelled' });
    await settle();
    expect(workers.all.map((worker) => worker.terminated)).toEqual([true]);
  }
});

test('close during a download starts no worker afterwards', async () => {
  vi.stubGlobal('fetch', () => settle().then(() => new Response('model slow')));
  onTestFinished(() => void vi.unstubAllGlobals());
  const workers = fakeWorkers();
  const session = await open(workers);
  workers.last().dispatchEvent(new Event('error'));
  const loading = session.loadModel('/slow.safetensors');
  session.close();
  await expect(loading).rejects.toMatchObject({ code: 'cancelled' });
  await settle();
  expect(workers.all).toHaveLength(1);
});

test('a worker that cannot be made is an error like any other', async () => {
  const opening = openSession({ device: 'cpu' }, () => {
    throw new DOMException('Failed to construct', 'SecurityError');
  });
  await expect(opening).rejects.toMatchObject({
    name: 'PurgeError',
    code: 'internal',
    message: 'The worker could not be started (Failed to construct).',
  });
});

test('an answer that cannot be posted fails its call instead of leaving it unanswered', async () => {
  const workers = fakeWorkers();
  const session = await open(workers);
  await session.load({ model, dataset: data });
  const { engine } = workers.last();
  vi.spyOn(engine, 'resolveConfig').mockResolvedValueOnce({ method: (() => 'purge') as never } as never);
  await expect(session.resolveConfig({ forgetClass: 3 })).rejects.toMatchObject({
    name: 'PurgeError',
    code: 'internal',
  });
  expect(await session.resolveConfig({ forgetClass: 3 })).toMatchObject({ forgetClass: 3 });
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
