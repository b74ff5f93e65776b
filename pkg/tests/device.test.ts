import { describe, expect, test } from 'vitest';
import { detectDevice, type Gpu } from '../src/device.js';
import { openSession } from '../src/session.js';
import { bytes, fakeGpu, fakeWorkers, refuse, says } from './fakes.js';

const look = (gpu: Gpu | undefined, isSecureContext = true) => detectDevice({ gpu, isSecureContext }, false);

describe('what is found', () => {
  test('an adapter that has everything', async () => {
    expect(await look(fakeGpu())).toEqual({ kind: 'webgpu' });
  });

  test('what the adapter says of itself, as far as it does', async () => {
    const named = (info: object) => look(fakeGpu({ info }));
    expect(await named({ vendor: 'apple', architecture: 'm2' })).toEqual({ kind: 'webgpu', name: 'apple m2' });
    expect(await named({ vendor: 'intel', architecture: '' })).toEqual({ kind: 'webgpu', name: 'intel' });
    expect(await named({ vendor: 'nvidia', description: 'A card' })).toEqual({ kind: 'webgpu', name: 'A card' });
  });

  const unfit: [string, Gpu | undefined, RegExp][] = [
    ['no WebGPU at all', undefined, /^This browser has no WebGPU\.$/],
    ['no adapter', fakeGpu({ none: true }), /offers no graphics adapter/],
    ['no timestamp queries', fakeGpu({ features: ['shader-f16'] }), /has no timestamp queries/],
    [
      'too few buffers',
      fakeGpu({ limits: { maxStorageBuffersPerShaderStage: 4 } }),
      /maxStorageBuffersPerShaderStage is 4, the engine needs 8/,
    ],
    [
      'an unknown limit',
      fakeGpu({ limits: { maxStorageBufferBindingSize: undefined } }),
      /maxStorageBufferBindingSize is 0/,
    ],
    ['a software adapter', fakeGpu({ software: true }), /software one/],
    ['an adapter that fails', { requestAdapter: () => Promise.reject(new Error('driver gone')) }, /driver gone/],
  ];
  test.each(unfit)('%s: the CPU, with the reason', async (_, gpu, reason) => {
    expect(await look(gpu)).toEqual({ kind: 'cpu', reason: says(reason) });
  });

  test('a page without https is told so', async () => {
    expect(await look(undefined, false)).toMatchObject({ kind: 'cpu', reason: says(/https/) });
  });

  test('a software adapter will do for who asks for it', async () => {
    expect(await detectDevice({ gpu: fakeGpu({ software: true }), isSecureContext: true }, true)).toEqual({
      kind: 'webgpu',
    });
  });
});

describe('what a session gets', () => {
  test('auto with WebGPU: the GPU module, no reason', async () => {
    const session = await openSession({}, fakeWorkers(fakeGpu()).make);
    expect(session.device).toEqual({ kind: 'webgpu', name: 'fake webgpu' });
  });

  test('the name is the adapter’s own where it has one', async () => {
    const gpu = fakeGpu({ info: { vendor: 'apple', architecture: 'm2' } });
    const session = await openSession({}, fakeWorkers(gpu).make);
    expect(session.device.name).toBe('apple m2');
  });

  test('auto without: the CPU module alone, and why', async () => {
    const workers = fakeWorkers();
    const session = await openSession({ device: 'auto' }, workers.make);
    expect(session.device).toEqual({ kind: 'cpu', name: 'fake cpu', reason: 'This browser has no WebGPU.' });
    expect(workers.last().requests).toEqual(['detect', 'open']);
  });

  test('cpu: no look at the GPU, no reason', async () => {
    const workers = fakeWorkers(fakeGpu());
    const session = await openSession({ device: 'cpu' }, workers.make);
    expect(session.device).toEqual({ kind: 'cpu', name: 'fake cpu' });
    expect(workers.last().requests).toEqual(['open']);
  });

  test('webgpu where it cannot run: refused with the reason, nothing downloaded', async () => {
    const workers = fakeWorkers(fakeGpu({ features: [] }));
    await expect(openSession({ device: 'webgpu' }, workers.make)).rejects.toMatchObject({
      code: 'webgpu-unavailable',
      message: 'The graphics adapter has no timestamp queries, which the engine needs.',
    });
    expect(workers.last().requests).toEqual(['detect']);
  });

  test('a software adapter: the CPU under auto, WebGPU for who asks for it', async () => {
    const gpu = fakeGpu({ software: true });
    expect((await openSession({}, fakeWorkers(gpu).make)).device).toMatchObject({
      kind: 'cpu',
      reason: says(/software/),
    });
    expect((await openSession({ device: 'webgpu' }, fakeWorkers(gpu).make)).device.kind).toBe('webgpu');
  });

  const gpuFails = () =>
    fakeWorkers(fakeGpu(), (engine) => {
      if (engine.kind === 'webgpu') refuse('webgpu-unavailable', 'no queue');
    });

  test('auto, but the GPU engine does not start: the CPU in a new worker, and why', async () => {
    const workers = gpuFails();
    const session = await openSession({}, workers.make);
    expect(session.device).toEqual({ kind: 'cpu', name: 'fake cpu', reason: 'WebGPU did not start: no queue' });
    expect(workers.all.map((worker) => worker.terminated)).toEqual([true, false]);
    expect(await session.loadModel(bytes('model A'))).toBeDefined();
  });

  test('auto, but the GPU engine panics while it starts', async () => {
    const workers = fakeWorkers(fakeGpu(), (engine, worker) => {
      if (engine.kind === 'webgpu') {
        worker.panic('Unable to request wgpu device');
        throw new WebAssembly.RuntimeError('unreachable');
      }
    });
    const session = await openSession({}, workers.make);
    expect(session.device.reason).toMatch(/^WebGPU did not start: .*Unable to request wgpu device/);
  });

  test('webgpu that does not start: refused with its own code', async () => {
    await expect(openSession({ device: 'webgpu' }, gpuFails().make)).rejects.toMatchObject({
      code: 'webgpu-unavailable',
    });
  });

  test('a device lost under auto: the next call runs on what is there then', async () => {
    let there = true;
    const gpu: Gpu = { requestAdapter: (options) => fakeGpu({ none: !there }).requestAdapter(options) };
    const workers = fakeWorkers(gpu);
    const session = await openSession({}, workers.make);
    await session.loadModel(bytes('model A'));
    there = false;
    workers.last().panic('Device lost');
    await expect(session.exportModel()).rejects.toMatchObject({ code: 'device-lost' });
    expect(await session.exportModel()).toEqual(bytes('model A'));
    expect(session.device).toMatchObject({ kind: 'cpu', reason: says(/offers no graphics adapter/) });
  });
});
