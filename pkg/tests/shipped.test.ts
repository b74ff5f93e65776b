import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { moduleAddress } from '../src/assets.js';
import { openSession } from '../src/session.js';
import type { LoadProgress } from '../src/types/index.js';
import { bytes, fakeWorkers, says } from './fakes.js';

const beside = (path: string) => new URL(`../assets/${path}`, import.meta.url).href;
const fetched: string[] = [];
let missing: RegExp | undefined;

beforeEach(() => {
  fetched.length = 0;
  missing = undefined;
  vi.stubGlobal('fetch', (address: URL | string) => {
    fetched.push(String(address));
    if (missing?.test(String(address))) return Promise.resolve(new Response('no', { status: 404 }));
    return Promise.resolve(new Response(String(address).endsWith('.purge') ? 'data A' : 'model A'));
  });
});
afterEach(() => void vi.unstubAllGlobals());

async function open(assets?: string | URL, heard: LoadProgress[] = []) {
  const workers = fakeWorkers();
  const onProgress = (progress: LoadProgress) => heard.push(progress);
  const session = await openSession({ device: 'cpu', onProgress, ...(assets && { assets }) }, workers.make);
  return { session, workers };
}

test('MNIST by name: its network and its data, from the package', async () => {
  const heard: LoadProgress[] = [];
  const { session, workers } = await open(undefined, heard);
  const { model, dataset } = await session.load('mnist');
  expect(fetched).toEqual([beside('models/mnist-group.safetensors'), beside('data/mnist.purge')]);
  expect(workers.last().engine.calls).toEqual(['load mnist-group.safetensors model A packed mnist.purge data A']);
  expect([model.name, dataset.name]).toEqual(['mnist-group.safetensors', 'mnist.purge']);
  expect(heard).toContainEqual({ what: 'model', loaded: 7 });
  expect(heard).toContainEqual({ what: 'dataset', loaded: 6 });
});

test.each(['https://cdn.example/purge', 'https://cdn.example/purge/', new URL('https://cdn.example/purge/')])(
  'PathMNIST by name, from a folder of the caller’s: %s',
  async (assets) => {
    const { session } = await open(assets);
    await session.load('pathmnist', { norm: 'batch' });
    expect(fetched).toEqual([
      'https://cdn.example/purge/models/pathmnist-batch.safetensors',
      'https://cdn.example/purge/data/pathmnist-light.purge',
    ]);
    expect(String(session.retrained(8))).toBe('https://cdn.example/purge/models/pathmnist-batch-without-8.safetensors');
    expect(session.retrained(9)).toBeUndefined();
  },
);

test('the engine is in the same folder', () => {
  expect(moduleAddress('webgpu', new URL('https://cdn.example/purge/'))).toEqual({
    script: 'https://cdn.example/purge/webgpu/purge_unlearning.js',
    wasm: 'https://cdn.example/purge/webgpu/purge_unlearning_bg.wasm',
  });
});

test('PathMNIST without a folder: where it would be, and what to do when it is not', async () => {
  const { session } = await open();
  missing = /pathmnist/;
  await expect(session.load('pathmnist')).rejects.toMatchObject({
    code: 'network',
    message: says(/assets\/models\/pathmnist-group\.safetensors: .* 404.* Only MNIST comes with the package/),
  });
  expect(session.model).toBeUndefined();
});

test('every retrained network of MNIST has its own address, and can be evaluated', async () => {
  const { session, workers } = await open();
  expect(session.retrained(3)).toBeUndefined();
  for (const norm of ['group', 'batch'] as const) {
    await session.load('mnist', { norm });
    for (let k = 0; k < 10; k++) {
      expect(session.retrained(k)?.href).toBe(beside(`models/mnist-${norm}-without-${k}.safetensors`));
    }
    expect(session.retrained(10)).toBeUndefined();
  }
  const model = session.retrained(3);
  if (!model) throw new Error('there is no retrained network');
  await session.evaluate({ forgetClass: 3, model });
  expect(workers.last().engine.calls.at(-1)).toBe('evaluate 3 test mnist-batch-without-3.safetensors model A');
});

test('a network of the caller’s own has no retrained one', async () => {
  const { session } = await open();
  await session.load('mnist');
  await expect(session.loadModel(bytes('junk'))).rejects.toMatchObject({ code: 'bad-model' });
  await session.loadDataset({ kind: 'packed', file: bytes('data B') });
  expect(session.retrained(3), 'the network is still the shipped one').toBeInstanceOf(URL);
  await session.loadModel(bytes('model B'));
  expect(session.retrained(3)).toBeUndefined();
  await session.load('mnist');
  await session.load({ model: bytes('model B'), dataset: { kind: 'packed', file: bytes('data B') } });
  expect(session.retrained(3)).toBeUndefined();
});
