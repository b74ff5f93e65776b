import { afterEach, expect, test, vi } from 'vitest';
import type { Crew } from '../src/crew.js';
import { Connection } from '../src/connection.js';
import { Helpers, usualWorkers } from '../src/helpers.js';
import { openSession } from '../src/session.js';
import type { Session } from '../src/types/index.js';
import { FakeEngine, FakeWorker, bytes, settle } from './fakes.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Sessions whose engine holds on to its crew, and helpers whose answers say nothing. */
async function open(workers: number) {
  const engines: FakeWorker[] = [];
  const helpers: FakeWorker[] = [];
  const crews: Crew[] = [];
  const host = {
    surroundings: { gpu: undefined, isSecureContext: true },
    loadEngine: async () => {
      const engine = Object.assign(new FakeEngine('cpu'), { setCrew: (crew: Crew) => void crews.push(crew) });
      engines.at(-1)!.engine = engine;
      return Promise.resolve(engine);
    },
    loadHelper: () => Promise.resolve({ takeNetwork() {}, work: () => new Uint8Array() }),
  };
  const make = (list: FakeWorker[]) => () => {
    const worker = new FakeWorker(() => host);
    list.push(worker);
    return worker as unknown as Worker;
  };
  const session = await openSession({ device: 'cpu', workers }, make(engines), make(helpers));
  await session.loadModel(new File(['model A'], 'a.safetensors'));
  await session.loadDataset({ kind: 'packed', file: bytes('data A') });
  return { session, engines, helpers, crews };
}

async function forget(session: Session) {
  for await (const event of session.unlearn({ forgetClass: 3 })) void event;
}

test('helpers start with the first run, stay for the next, and end with the session', async () => {
  const { session, helpers, crews } = await open(3);
  expect(session.device.workers).toBe(3);
  expect(helpers).toHaveLength(0);
  await session.evaluate({ forgetClass: 3 });
  expect(helpers).toHaveLength(0);
  await forget(session);
  await settle();
  expect(helpers.map(({ requests }) => requests)).toEqual([['help'], ['help']]);
  expect(crews).toHaveLength(1);
  expect(crews[0]?.hasRoom(9)).toBe(true);
  await forget(session);
  expect(helpers).toHaveLength(2);
  session.close();
  expect(helpers.every(({ terminated }) => terminated)).toBe(true);
});

test('a run that is prepared has its helpers already', async () => {
  const { session, helpers } = await open(2);
  await session.prepare();
  await settle();
  expect(helpers.map(({ requests }) => requests)).toEqual([['help']]);
  await forget(session);
  expect(helpers).toHaveLength(1);
});

test('a session of one worker has no helpers, and more than eight workers count as eight', async () => {
  const one = await open(1);
  await forget(one.session);
  expect(one.helpers).toHaveLength(0);
  const many = await open(99);
  expect(many.session.device.workers).toBe(8);
  await forget(many.session);
  expect(many.helpers).toHaveLength(7);
});

test('a helper that dies is replaced at the next run, and no run fails for it', async () => {
  const { session, helpers } = await open(2);
  await forget(session);
  helpers[0]!.dispatchEvent(Object.assign(new Event('error'), { message: 'boom' }));
  await forget(session);
  expect(helpers).toHaveLength(2);
  expect(helpers.map(({ terminated }) => terminated)).toEqual([true, false]);
});

test('a new engine gets helpers of its own', async () => {
  const { session, engines, helpers } = await open(2);
  await forget(session);
  engines[0]!.panic('index out of bounds');
  await expect(session.evaluate({ forgetClass: 3 })).rejects.toMatchObject({ code: 'internal' });
  await forget(session);
  expect(helpers.map(({ terminated }) => terminated)).toEqual([true, false]);
});

test('helpers go when the page has been hidden for long, but not in a run, and come back with the next', async () => {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('document', document);
  const show = (visibilityState: string) => {
    document.visibilityState = visibilityState;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const { session, helpers, crews } = await open(2);
  await forget(session);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });

  show('hidden');
  await vi.advanceTimersByTimeAsync(50_000);
  show('visible');
  await vi.advanceTimersByTimeAsync(50_000);
  expect(helpers[0]?.terminated).toBe(false);

  const run = session.unlearn({ forgetClass: 3 });
  await run.next();
  show('hidden');
  await vi.advanceTimersByTimeAsync(65_000);
  expect(helpers[0]?.terminated).toBe(false);
  for await (const event of run) void event;
  await vi.advanceTimersByTimeAsync(65_000);
  expect(helpers[0]?.terminated).toBe(true);
  expect(crews[0]?.hasRoom(9)).toBe(false);

  await forget(session);
  expect(helpers).toHaveLength(2);
  session.close();
});

test('only what is the newest engine’s can be ended for an engine', async () => {
  const helpers: FakeWorker[] = [];
  const make = (list: FakeWorker[]) => {
    const host = {
      surroundings: { gpu: undefined, isSecureContext: true },
      loadEngine: () => Promise.resolve(new FakeEngine('cpu')),
      loadHelper: () => Promise.resolve({ takeNetwork() {}, work: () => new Uint8Array() }),
    };
    const worker = new FakeWorker(() => host);
    list.push(worker);
    return worker as unknown as Worker;
  };
  const address = { script: '', wasm: '' };
  const engine = async () => {
    const connection = new Connection(make([]), { onProgress() {}, onDeath() {} });
    await connection.call({ type: 'open', kind: 'cpu', address });
    return connection;
  };
  const all = new Helpers(
    2,
    () => make(helpers),
    () => false,
  );
  const [first, second] = [await engine(), await engine()];
  await all.join(first, address);
  await all.join(second, address);
  await all.ready();
  all.endOf(first);
  expect(helpers.map(({ terminated }) => terminated)).toEqual([true, false]);
  all.endOf(second);
  expect(helpers[1]?.terminated).toBe(true);
});

test('where nobody says, a core is left for the page, and little memory means few workers', () => {
  const usual = (hardwareConcurrency?: number, deviceMemory?: number) =>
    usualWorkers({ ...(hardwareConcurrency && { hardwareConcurrency }), ...(deviceMemory && { deviceMemory }) });
  expect([usual(), usual(1), usual(2), usual(4), usual(64)]).toEqual([1, 1, 2, 3, 8]);
  expect([usual(16, 1), usual(16, 2), usual(16, 4), usual(16, 8)]).toEqual([2, 2, 4, 8]);
});

test.each([0, 1.5, '2', NaN, null])('%s workers are refused', async (workers) => {
  await expect(openSession({ workers: workers as number }, () => undefined as never)).rejects.toMatchObject({
    code: 'bad-config',
    message: expect.stringMatching(/^workers: expected a whole number from 1 on/) as unknown,
  });
});
