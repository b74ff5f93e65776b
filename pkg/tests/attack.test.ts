import { expect, onTestFinished, test, vi } from 'vitest';
import { openSession } from '../src/session.js';
import type { AttackOptions } from '../src/types/index.js';
import { bytes, fakeWorkers, says, settle } from './fakes.js';

const data = { kind: 'packed', file: bytes('data A') } as const;

async function ready() {
  const workers = fakeWorkers();
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.load({ model: bytes('model A'), dataset: data });
  const { engine } = workers.last();
  engine.calls.length = 0;
  return { session, engine };
}

test('an attack is pulled to its end, and its report has words', async () => {
  const { session, engine } = await ready();
  const shares: number[] = [];
  const report = await session.attack('recalibrate', {
    forgetClass: 3,
    batchSize: 64,
    onProgress: ({ attack, share }) => {
      expect(attack).toBe('recalibrate');
      shares.push(share);
    },
  });
  expect(engine.calls).toEqual([
    'startAttack recalibrate {"forgetClass":3,"batchSize":64}',
    'advanceAttack',
    'advanceAttack',
  ]);
  expect(shares).toEqual([0.5, 1]);
  expect(report.numbers).toEqual([
    { key: 'delta', label: says(/^ΔF/), unit: 'points', value: 92, interval: [91, 93], reference: 0 },
  ]);
  expect(report.notes).toEqual([{ key: 'no_batch_norm', sentence: says(/no batch normalisation/) }]);
  expect(report.options).toEqual({ seed: 0 });
});

test('a retrained network goes along where it is given, and the shipped one where it must', async () => {
  const fetched = (address: URL | string) =>
    Promise.resolve(new Response(String(address).endsWith('.purge') ? 'data A' : `model ${String(address).at(-13)}`));
  vi.stubGlobal('fetch', fetched);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { session, engine } = await ready();
  const retrained = new File(['model B'], 'B.safetensors');
  const made = [
    session.load('mnist'),
    session.attack('probe', { forgetClass: 3, network: 'before', retrained }),
    session.attack('membership', { forgetClass: 3, network: 'after', nonMembers: 'val' }),
    session.attack('probe', { forgetClass: 3, network: 'retrained' }),
    session.attack('compare', { forgetClass: [5] }),
    session.attack('compare', { forgetClass: 3, retrained }),
    session.attack('compare', { forgetClass: [3, 5] }),
  ];
  await Promise.all(made);
  expect(
    engine.calls.filter((call) => call.startsWith('start')).map((call) => call.replace('startAttack ', '')),
  ).toEqual([
    'probe {"forgetClass":3,"network":"before"} B.safetensors model B',
    'membership {"forgetClass":3,"network":"after","nonMembers":"val"}',
    'probe {"forgetClass":3,"network":"retrained"} mnist-group-without-3.safetensors model 3',
    'compare {"forgetClass":[5]} mnist-group-without-5.safetensors model 5',
    'compare {"forgetClass":3} B.safetensors model B',
    'compare {"forgetClass":[3,5]}',
  ]);
});

test('others wait for its end', async () => {
  const { session, engine } = await ready();
  await Promise.all([session.attack('few', { forgetClass: 3 }), session.evaluate({ forgetClass: 3 })]);
  expect(engine.calls.map((call) => call.split(' ')[0])).toEqual([
    'startAttack',
    'advanceAttack',
    'advanceAttack',
    'evaluate',
  ]);
});

test('a signal ends it, and the session goes on', async () => {
  const { session, engine } = await ready();
  const controller = new AbortController();
  const { signal } = controller;
  const attack = session.attack('relearn', { forgetClass: 3, signal, onProgress: () => controller.abort() });
  await expect(attack).rejects.toMatchObject({ code: 'cancelled', message: 'The attack was cancelled.' });
  expect(engine.calls.slice(1)).toEqual(['advanceAttack', 'dropAttack']);
  await expect(session.attack('few', { forgetClass: 3, signal })).rejects.toMatchObject({ code: 'cancelled' });
  expect(engine.calls).toHaveLength(3);
  await expect(session.attack('few', { forgetClass: 3 })).resolves.toMatchObject({ attack: 'few' });
});

test('a listener that throws does not end it', async () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { session } = await ready();
  const onProgress = () => {
    throw new Error('no');
  };
  await session.attack('few', { forgetClass: 3, onProgress });
  expect(reported).toHaveBeenCalledTimes(2);
});

test('an engine that dies in the middle takes only the attack', async () => {
  const workers = fakeWorkers();
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.load({ model: bytes('model A'), dataset: data });
  workers.last().engine.during = (call) => {
    if (call === 'advanceAttack') throw new WebAssembly.RuntimeError('unreachable');
  };
  await expect(session.attack('few', { forgetClass: 3 })).rejects.toMatchObject({ code: 'out-of-memory' });
  await settle();
  await expect(session.attack('few', { forgetClass: 3 })).resolves.toMatchObject({ attack: 'few' });
  expect(workers.all).toHaveLength(2);
});

const bad: Record<string, [name: string, options: unknown, message: unknown]> = {
  'a name that is none': [
    'hope',
    { forgetClass: 3 },
    says(/^attack: expected 'membership', .* or 'compare', found "hope"$/),
  ],
  'an option of another attack': [
    'probe',
    { forgetClass: 3, seeds: 2 },
    'attack probe: there is no option "seeds"; there is forgetClass, network, nonMembers, retrained, signal, onProgress, seed, c',
  ],
  'a split that is none': [
    'membership',
    { forgetClass: 3, nonMembers: 'train' },
    `nonMembers: expected 'test' or 'val', found "train"`,
  ],
  'a network that is none': [
    'few',
    { forgetClass: 3, network: 'loaded' },
    `network: expected 'before', 'after' or 'retrained', found "loaded"`,
  ],
  'no function': ['few', { forgetClass: 3, onProgress: 3 }, 'onProgress: expected a function, found 3'],
  'no signal': ['few', { forgetClass: 3, signal: 3 }, 'signal: expected an AbortSignal, found 3'],
  'no network': ['few', { forgetClass: 3, retrained: 3 }, 'retrained: expected an address, bytes or a Blob, found 3'],
};

for (const [what, [name, options, message]] of Object.entries(bad)) {
  test(`${what} is told before anything is asked of the engine`, async () => {
    const { session, engine } = await ready();
    const attack = session.attack(name as 'few', options as AttackOptions);
    await expect(attack).rejects.toMatchObject({ code: 'bad-config', message });
    expect(engine.calls).toEqual([]);
  });
}
