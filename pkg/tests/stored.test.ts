import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openSession } from '../src/session.js';
import { storedOf } from '../src/stored.js';
import { bytes, fakeWorkers, says } from './fakes.js';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

const scores = (network: string, dataset: string) =>
  JSON.stringify({ network: hash(network), dataset: hash(dataset), device: 'a CPU', evaluations: [{ fa: 99 }] });

async function ready() {
  const workers = fakeWorkers();
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.load({ model: bytes('model A'), dataset: { kind: 'packed', file: bytes('data A') } });
  const engine = workers.last().engine;
  engine.calls.length = 0;
  return { session, engine };
}

test('evaluations of just this network and these data are told, and the engine is not asked', async () => {
  const { session, engine } = await ready();
  const told = { device: 'a CPU', evaluations: [{ fa: 99 }] };
  const text = scores('model A', 'data A');
  // As they were written, and as a server hands them on that unpacks what it knows.
  for (const file of [gzipSync(text), bytes(text)]) expect(await session.stored(new Uint8Array(file))).toEqual(told);
  expect(await session.stored(bytes(scores('model R', 'data A')), { model: bytes('model R') })).toEqual(told);
  expect(engine.calls).toEqual([]);
});

test('those of anything else are not', async () => {
  const { session } = await ready();
  expect(await session.stored(bytes(scores('model B', 'data A')))).toBeUndefined();
  expect(await session.stored(bytes(scores('model A', 'data B')))).toBeUndefined();
  expect(await session.stored(bytes(scores('model A', 'data A')), { model: bytes('model R') })).toBeUndefined();
  const stored = () => session.stored(bytes(scores('model A', 'data A')));
  expect(await stored()).toBeDefined();
  for await (const event of session.unlearn({ forgetClass: 3 })) if (event.type === 'done') break;
  expect(await stored()).toBeDefined();
  await session.keep();
  expect(await stored()).toBeUndefined();
});

test('data are told by what is in the packed file, however it was packed', async () => {
  const blob = (data: string | Uint8Array<ArrayBuffer>) => new Blob([data]);
  for (const data of [blob('data A'), blob(new Uint8Array(gzipSync('data A', { level: 1 })))]) {
    const dataset = { kind: 'packed', files: [{ name: 'mnist.purge', blob: data }] } as const;
    expect(
      await storedOf(blob(scores('model A', 'data A')), blob('model A'), { ...dataset, files: [...dataset.files] }),
    ).toBeDefined();
  }
  const archive = { kind: 'medmnist' as const, files: [{ name: 'a.npz', blob: blob('data A') }] };
  expect(await storedOf(blob(scores('model A', 'data A')), blob('model A'), archive)).toBeUndefined();
});

test.each(['', '{}', 'null', '{"network":1}'])('%j is no such file', async (content) => {
  const { session } = await ready();
  await expect(session.stored(bytes(content))).rejects.toMatchObject({
    code: 'bad-config',
    message: says(/purge scores/),
  });
});

test('what a run begins with may be computed before', async () => {
  const { session, engine } = await ready();
  await session.prepare();
  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  await session.prepare();
  expect(engine.calls.map((call) => call.split(' ')[0])).toEqual(['prepare', 'start', 'advance']);
});
