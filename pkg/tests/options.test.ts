import { expect, test } from 'vitest';
import { openSession } from '../src/session.js';
import type { Session } from '../src/types/index.js';
import { bytes, fakeWorkers, settle } from './fakes.js';

const data = { kind: 'packed', file: bytes('data A') } as const;

async function ready() {
  const workers = fakeWorkers();
  const session = await openSession({ device: 'cpu' }, workers.make);
  await session.load({ model: bytes('model A'), dataset: data });
  const { engine } = workers.last();
  engine.calls.length = 0;
  return { session, engine };
}

class Learning {
  rate = 0.1;
}
const endless: unknown[] = [];
endless.push(endless);
const noValue = 'expected a number, a text, true or false, or a list of such';
const evaluateKnows = 'there is forgetClass, nonMembers, model, network';

/** A call as JavaScript may make it, and all of the message that it fails with. */
type Bad = [call: (session: Session) => unknown, message: string];

const bad: Record<string, Bad> = {
  'evaluate nothing': [
    (session) => session.evaluate(...([] as unknown as [never])),
    'evaluate: expected an object with forgetClass, nonMembers, model, network, found undefined',
  ],
  'evaluate a number': [
    (session) => session.evaluate(3 as never),
    'evaluate: expected an object with forgetClass, nonMembers, model, network, found 3',
  ],
  'evaluate null': [
    (session) => session.evaluate(null as never),
    'evaluate: expected an object with forgetClass, nonMembers, model, network, found null',
  ],
  'evaluate a list': [
    (session) => session.evaluate([3] as never),
    'evaluate: expected an object with forgetClass, nonMembers, model, network, found a list',
  ],
  'a misspelt option': [
    (session) => session.evaluate({ forgetClass: 3, nonMember: 'val' } as never),
    `evaluate: there is no option "nonMember"; ${evaluateKnows}`,
  ],
  'one of another call': [
    (session) => session.evaluate({ forgetClass: 3, learningRate: 1 } as never),
    `evaluate: there is no option "learningRate"; ${evaluateKnows}`,
  ],
  'two networks at once': [
    (session) => session.evaluate({ forgetClass: 3, network: 'loaded', model: bytes('model B') }),
    'evaluate: expected model or network, found both',
  ],
  'a network of no use': [
    (session) => session.evaluate({ forgetClass: 3, model: 3 as never }),
    'model: expected an address, bytes or a Blob, found 3',
  ],
  'a symbol': [
    (session) => session.evaluate({ forgetClass: Symbol('three') as never }),
    `forgetClass: ${noValue}, found a symbol`,
  ],
  'a function': [
    (session) => session.resolveConfig({ forgetClass: 3, learningRate: (() => 1) as never }),
    `learningRate: ${noValue}, found a function`,
  ],
  'an instance of a class': [
    (session) => session.resolveConfig({ forgetClass: 3, learningRate: new Learning() as never }),
    `learningRate: ${noValue}, found a Learning`,
  ],
  'a circular value': [
    (session) => session.resolveConfig({ forgetClass: endless as never }),
    `forgetClass[0]: ${noValue}, found a list`,
  ],
  'a bigint': [
    (session) => session.resolveConfig({ forgetClass: 3, seed: 3n as never }),
    `seed: ${noValue}, found the bigint 3n`,
  ],
  'an object without a prototype': [
    (session) => session.resolveConfig({ forgetClass: [1, Object.create(null) as never] }),
    `forgetClass[1]: ${noValue}, found an object`,
  ],
  'resolve nothing': [
    (session) => session.resolveConfig(undefined as never),
    expect.stringMatching(/^resolveConfig: expected an object with forgetClass, method, .*, found undefined$/) as never,
  ],
  'what belongs to a run, in resolveConfig': [
    (session) => session.resolveConfig({ forgetClass: 3, nonMembers: 'val' } as never),
    expect.stringMatching(/^resolveConfig: there is no option "nonMembers"; there is forgetClass, .*epochs$/) as never,
  ],
  'a run of nothing': [
    (session) => session.unlearn(...([] as unknown as [never])).next(),
    expect.stringMatching(/^unlearn: expected an object with forgetClass, .*, found undefined$/) as never,
  ],
  'a run with a misspelt setting': [
    (session) => session.unlearn({ forgetClass: 3, learnRate: 1 } as never).next(),
    expect.stringMatching(/^unlearn: there is no option "learnRate"; there is .*learningRate/) as never,
  ],
  'a run with a setting as it is called elsewhere': [
    (session) => session.unlearn({ forgetClass: 3, learning_rate: 1 } as never).next(),
    expect.stringMatching(/^unlearn: there is no option "learning_rate"/) as never,
  ],
  'a run with unknown non-members': [
    (session) => session.unlearn({ forgetClass: 3, nonMembers: 'train' as never }).next(),
    `nonMembers: expected 'test' or 'val', found "train"`,
  ],
  'a run with options that are none': [
    (session) => session.unlearn({ forgetClass: 3 }, 10 as never).next(),
    'unlearn: expected an object with signal, stepsPerEvent, ahead, found 10',
  ],
  'a run with an unknown option': [
    (session) => session.unlearn({ forgetClass: 3 }, { steps: 1 } as never).next(),
    'unlearn: there is no option "steps"; there is signal, stepsPerEvent, ahead',
  ],
  'a run whose signal is a controller': [
    (session) => session.unlearn({ forgetClass: 3 }, { signal: new AbortController() as never }).next(),
    'signal: expected an AbortSignal, found an AbortController',
  ],
  ...Object.fromEntries(
    [0, 1.5, Number.NaN, '2', Infinity].map((steps): [string, Bad] => [
      `a run with ${JSON.stringify(steps)} ${typeof steps} steps an event`,
      [
        (session) => session.unlearn({ forgetClass: 3 }, { stepsPerEvent: steps as never }).next(),
        `stepsPerEvent: expected a whole number from 1 on, found ${typeof steps === 'string' ? '"2"' : steps}`,
      ],
    ]),
  ),
  'samples of nothing': [
    (session) => session.samples(undefined as never),
    'samples: expected an object with class, count, split, found undefined',
  ],
  'samples without a count': [
    (session) => session.samples({ class: 3 } as never),
    'count: expected a whole number from 0 on, found undefined',
  ],
  'samples of a class by its name': [
    (session) => session.samples({ class: '3' as never, count: 1 }),
    'class: expected a whole number from 0 on, found "3"',
  ],
  'samples of an unknown split': [
    (session) => session.samples({ class: 3, count: 1, split: 'tests' as never }),
    `split: expected 'train', 'val' or 'test', found "tests"`,
  ],
  'a misspelt option of samples': [
    (session) => session.samples({ class: 3, cuont: 1 } as never),
    'samples: there is no option "cuont"; there is class, count, split',
  ],
  'exportDataset of something': [
    (session) => session.exportDataset('light' as never),
    'exportDataset: expected an object with light, found "light"',
  ],
  'exportDataset with a number': [
    (session) => session.exportDataset({ light: 1 as never }),
    'light: expected true or false, found 1',
  ],
  'load an unknown set': [
    (session) => session.load('cifar10' as never),
    `load: expected 'mnist' or 'pathmnist', found "cifar10"`,
  ],
  'load nothing': [
    (session) => session.load(undefined as never),
    'load: expected an object with model, dataset, found undefined',
  ],
  'load half a pair': [
    (session) => session.load({ model: bytes('model A') } as never),
    'dataset: expected an object with kind and files, found undefined',
  ],
  'load an unknown norm': [
    (session) => session.load('mnist', { norm: 'layer' as never }),
    `norm: expected 'group' or 'batch', found "layer"`,
  ],
  'load a pair with a norm': [
    (session) => session.load({ model: bytes('model A'), dataset: data }, { norm: 'batch' }),
    'norm: only a network loaded by name has a choice of it',
  ],
  'load a misspelt option': [
    (session) => session.load('mnist', { normalisation: 'batch' } as never),
    'load: there is no option "normalisation"; there is norm',
  ],
  'loadModel of nothing': [
    (session) => session.loadModel(undefined as never),
    'model: expected an address, bytes or a Blob, found undefined',
  ],
  'loadDataset of nothing': [
    (session) => session.loadDataset(undefined as never),
    'dataset: expected an object with kind and files, found undefined',
  ],
  'loadDataset of an unknown kind': [
    (session) => session.loadDataset({ kind: 'csv' } as never),
    `dataset: expected kind 'packed', 'medmnist', 'idx', 'stl10', 'cifar10', 'cifar100' or 'svhn', found "csv"`,
  ],
};

test.each(Object.entries(bad))(
  '%s: fails in words, without a throw, and asks nothing of the engine',
  async (_, [call, message]) => {
    const { session, engine } = await ready();
    const asked = call(session);
    expect(asked).toBeInstanceOf(Promise);
    await expect(asked).rejects.toMatchObject({ name: 'PurgeError', code: 'bad-config', message });
    await settle();
    expect(engine.calls).toEqual([]);
  },
);

test('a call refused leaves the ones beside it alone', async () => {
  const { session } = await ready();
  const [first, second, third] = await Promise.allSettled([
    session.evaluate({ forgetClass: 1 }),
    session.evaluate({ forgetClass: 2, nonMember: 'val' } as never),
    session.evaluate({ forgetClass: 3 }),
  ]);
  expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a run is checked when it is first pulled', async () => {
  const { session } = await ready();
  const run = session.unlearn(undefined as never);
  await settle();
  await expect(run.next()).rejects.toMatchObject({ code: 'bad-config' });
});

test('undefined counts as left out, and what the engine judges reaches it', async () => {
  const { session, engine } = await ready();
  await session.resolveConfig({ forgetClass: [3, 5], preset: undefined, learningRate: -1 } as never);
  await session.evaluate({ forgetClass: 3, nonMembers: 'nobody' as never, model: undefined } as never);
  expect(engine.calls).toEqual(['resolveConfig {"forgetClass":[3,5],"learningRate":-1}', 'evaluate 3 nobody']);
});

const badSessions: Record<string, [options: unknown, message: string]> = {
  'no object': [null, 'createSession: expected an object with device, workers, onProgress, signal, assets, found null'],
  'an unknown option': [
    { devise: 'cpu' },
    'createSession: there is no option "devise"; there is device, workers, onProgress, signal, assets',
  ],
  'an unknown device': [{ device: 'gpu' }, `device: expected 'auto', 'webgpu' or 'cpu', found "gpu"`],
  'a listener that is none': [{ onProgress: 'log' }, 'onProgress: expected a function, found "log"'],
  'a signal that is none': [{ signal: true }, 'signal: expected an AbortSignal, found true'],
  'assets that are no address': [{ assets: 3 }, 'assets: expected an address, found 3'],
  'an address that is none': [{ assets: 'https://' }, 'assets: expected an address, found "https://"'],
};

test.each(Object.entries(badSessions))('createSession with %s', async (_, [options, message]) => {
  const workers = fakeWorkers();
  const opening = openSession(options as never, workers.make);
  await expect(opening).rejects.toMatchObject({ name: 'PurgeError', code: 'bad-config', message });
  expect(workers.all).toHaveLength(0);
});

test('retrained takes a class', async () => {
  const { session } = await ready();
  expect(() => session.retrained('3' as never)).toThrow('classIndex: expected a whole number from 0 on, found "3"');
});
