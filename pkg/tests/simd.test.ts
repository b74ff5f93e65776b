import { afterEach, expect, test, vi } from 'vitest';
import { PurgeError } from '../src/errors.js';
import { openSession } from '../src/session.js';
import { cpuModules } from '../src/simd.js';
import { fakeWorkers, type FakeEngine } from './fakes.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const browser = (hasRelaxedSimd: boolean) => vi.spyOn(WebAssembly, 'validate').mockReturnValue(hasRelaxedSimd);

/** A server that has not all modules. */
const without = (folder: string) =>
  fakeWorkers(undefined, (engine: FakeEngine) => {
    if (engine.wasm.includes(folder)) throw new PurgeError('network', `${engine.wasm}: 404`);
  });

test('the module with relaxed SIMD is tried first where the browser has it, and only there', () => {
  expect(cpuModules(() => true)).toEqual(['cpu-relaxed', 'cpu']);
  expect(cpuModules(() => false)).toEqual(['cpu']);
});

test('an engine for the CPU is the one with relaxed SIMD', async () => {
  browser(true);
  const workers = fakeWorkers();
  await openSession({ device: 'cpu' }, workers.make);
  expect(workers.last().engine.wasm).toContain('/cpu-relaxed/');
});

test('an engine for the CPU is the one for all where the browser lacks relaxed SIMD', async () => {
  browser(false);
  const workers = fakeWorkers();
  await openSession({ device: 'cpu' }, workers.make);
  expect(workers.last().engine.wasm).toContain('/cpu/');
});

test('where the module with relaxed SIMD is not served, the other one is taken', async () => {
  browser(true);
  const workers = without('/cpu-relaxed/');
  const session = await openSession({ device: 'cpu' }, workers.make);
  expect(session.device).toEqual({ kind: 'cpu', name: 'fake cpu' });
  expect(workers.last().engine.wasm).toContain('/cpu/');
  expect(workers.last().requests).toEqual(['open', 'open']);
});

test('where neither is served, that is the error', async () => {
  browser(true);
  await expect(openSession({ device: 'cpu' }, without('/cpu').make)).rejects.toMatchObject({ code: 'network' });
});
