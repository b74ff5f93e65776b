import { expect, test, type Page } from '@playwright/test';
import type { Session } from 'purge-unlearning';
import { fewDigits } from './digits';
import { openPackagePage } from './package-page';
import { withoutPathmnist } from './sets';

/** Opens the bare page with a session, `session`, that has a few digits and the network for them. */
async function openSession(page: Page): Promise<void> {
  const digits = await fewDigits(page);
  await openPackagePage(page);
  await page.evaluate(async (digits) => {
    const bytes = (role: keyof typeof digits) => new Uint8Array(digits[role]);
    const fewDigits = {
      kind: 'idx',
      trainImages: bytes('train-images'),
      trainLabels: bytes('train-labels'),
      testImages: bytes('t10k-images'),
      testLabels: bytes('t10k-labels'),
    };
    const session = await createSession({ device: 'cpu' });
    await session.load({ model: '/models/mnist-group.safetensors', dataset: fewDigits as never });
    Object.assign(globalThis, { session, fewDigits });
  }, digits);
}

declare global {
  var session: Session;
  var fewDigits: Parameters<Session['loadDataset']>[0];
}

/** What a call fails with, in the page: `call` is the text of an expression. */
function failureOf(page: Page, call: string): Promise<string> {
  return page.evaluate(async (call) => {
    try {
      await (new Function(`return (async () => (${call}))()`) as () => Promise<unknown>)();
    } catch (error) {
      return error instanceof PurgeError ? `${error.code} ${error.message}` : `no PurgeError: ${String(error)}`;
    }
    return 'no failure';
  }, call);
}

test('whatever is wrong with a call fails with a PurgeError that names it', async ({ page }) => {
  await openSession(page);
  const run = (config: string) => `session.unlearn(${config}).next()`;
  const cases: [call: string, failure: string | RegExp][] = [
    ["createSession({ device: 'gpu' })", /^bad-config device: expected .*'webgpu'.*found "gpu"$/],
    ['createSession({ devise: "cpu" })', /^bad-config createSession: there is no option "devise"/],
    ['createSession({ onProgress: 3 })', 'bad-config onProgress: expected a function, found 3'],
    [
      run('{ forgetClass: 3, learningRate: NaN }'),
      'bad-config learningRate: expected a number over 0 and up to 1e9, found NaN',
    ],
    [
      run('{ forgetClass: 3, learningRate: () => 1 }'),
      /^bad-config learningRate: expected a number.*found a function$/,
    ],
    [run('{ forgetClass: 3, learningrate: 1 }'), /^bad-config unlearn: there is no option "learningrate"/],
    [run('{ forgetClass: 3, epochs: 1.5 }'), /^bad-config epochs: expected a whole number.*found 1\.5$/],
    [run('{ forgetClass: 3, batchSize: 0 }'), /^bad-config batchSize: expected .*found 0$/],
    [run('{ forgetClass: 3, momentum: 1 }'), /^bad-config momentum: expected .*found 1$/],
    [run('{ forgetClass: 3, projection: 1 }'), /^bad-config projection: expected true or false, found 1$/],
    [run('{ forgetClass: 3, objective: "uniformly" }'), /^bad-config objective: expected .*uniform.*uniformly/],
    [run('{ forgetClass: 3, preset: "stricter" }'), /^bad-config preset: expected .*strict.*stricter/],
    [run('{ forgetClass: 3, method: "purge", preset: 3 }'), /^bad-config preset: expected .*found 3$/],
    [run('{ forgetClass: 3, method: "forget" }'), /^bad-config method: expected .*purge.*forget/],
    [
      run('{ forgetClass: 3, method: "fine_tune", kdWeight: 1 }'),
      /^bad-config kdWeight: expected a setting of this method/,
    ],
    [run('{ forgetClass: 3, method: "fine_tune", preset: "strict" }'), /^bad-config preset: expected .*strict/],
    [run('{ forgetClass: 10 }'), /^bad-config forgetClass: expected .*found 10$/],
    [run('{ forgetClass: -1 }'), /^bad-config forgetClass: expected .*found -1$/],
    [run('{ forgetClass: NaN }'), /^bad-config forgetClass: expected .*found/],
    [run('{ forgetClass: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }'), /^bad-config forgetClass: expected /],
    [run('{ forgetClass: [] }'), /^bad-config forgetClass: expected /],
    [run('{ }'), /^bad-config forgetClass: expected /],
    [
      run('{ forgetClass: 3, nonMembers: "val" }'),
      'bad-config nonMembers: expected \'test\' with these data, found "val"',
    ],
    [
      'session.unlearn({ forgetClass: 3 }, { signal: 3 }).next()',
      'bad-config signal: expected an AbortSignal, found 3',
    ],
    [
      'session.unlearn({ forgetClass: 3 }, { stepsPerEvent: NaN }).next()',
      /^bad-config stepsPerEvent: expected a whole/,
    ],
    ['session.resolveConfig({ forgetClass: 3, seed: -1 })', /^bad-config seed: expected a whole number.*found -1$/],
    [
      'session.resolveConfig({ forgetClass: 3, temperature: Infinity })',
      /^bad-config temperature: expected .*found inf/i,
    ],
    ["session.samples({ class: 3, count: 1, split: 'val' })", /^bad-config split: expected .*train.*test.*found .*val/],
    ["session.samples({ class: 3, count: 1, split: 'dev' })", /^bad-config split: expected 'train', 'val' or 'test'/],
    ['session.samples({ class: 99, count: 1 })', 'bad-config class: expected 0 to 9, found 99'],
    ['session.samples({ class: 3, count: NaN })', 'bad-config count: expected a whole number from 0 on, found NaN'],
    ['session.samples({ class: 3, count: 2 ** 40 })', /^bad-config count: expected /],
    ['session.evaluate({ forgetClass: 99 })', /^bad-config forgetClass: expected .*found 99$/],
    ["session.evaluate({ forgetClass: 3, nonMembers: 'val' })", /^bad-config nonMembers: expected .*test.*val/],
    ["session.evaluate({ forgetClass: 3, network: 'last' })", /^bad-config network: expected .*found "?last/],
    ["session.evaluate({ forgetClass: 3, network: 'loaded', model: 'x' })", /found both$/],
    ["session.evaluate({ forgetClass: 3, model: '/models/none.safetensors' })", /^network .*none\.safetensors.*404/],
    ['session.evaluate({ forgetClass: 3, model: new Uint8Array(3) })', /^bad-model model: expected /],
    [
      "session.evaluate({ forgetClass: 3, model: '/models/pathmnist-group.safetensors' })",
      /^bad-model .*pathmnist-group/,
    ],
    ["session.loadModel('')", /^bad-config model: expected an address/],
    ['session.loadModel(new Uint8Array(9))', /^bad-model model: expected /],
    ["session.loadModel('http://localhost:1/network.safetensors')", /^network .*localhost:1\/network\.safetensors/],
    ['session.loadDataset({ kind: "packed", file: new Uint8Array(9) })', /^bad-dataset dataset: expected /],
    ['session.loadDataset({ kind: "zip", file: "x" })', /^bad-config dataset: expected kind .*found "zip"$/],
    ['session.loadDataset({ kind: "idx", trainImages: "x" })', /^bad-config dataset\.trainLabels: expected an address/],
    ["session.load('cifar10')", "bad-config load: expected 'mnist' or 'pathmnist', found \"cifar10\""],
    ["session.load('mnist', { norm: 'layer' })", /^bad-config norm: expected 'group' or 'batch', found "layer"$/],
    ['session.exportDataset({ light: 1 })', 'bad-config light: expected true or false, found 1'],
    ['session.retrained(NaN)', 'bad-config classIndex: expected a whole number from 0 on, found NaN'],
  ];
  for (const [call, failure] of cases) {
    const found = await failureOf(page, call);
    if (typeof failure === 'string') expect.soft(found, call).toBe(failure);
    else expect.soft(found, call).toMatch(failure);
  }
  // None of it has disturbed the session.
  expect(await page.evaluate(async () => (await session.evaluate({ forgetClass: 3 })).fa)).toBe(100);
});

test('what is asked too early, too late or of the wrong pair fails with a PurgeError', async ({ page }) => {
  test.skip(...withoutPathmnist);
  await openPackagePage(page);
  await page.evaluate(async () => {
    Object.assign(globalThis, { session: await createSession({ device: 'cpu' }) });
  });
  for (const call of [
    'session.evaluate({ forgetClass: 3 })',
    'session.resolveConfig({ forgetClass: 3 })',
    'session.unlearn({ forgetClass: 3 }).next()',
    'session.samples({ class: 3, count: 1 })',
    'session.exportModel()',
    'session.exportDataset()',
    'session.keep()',
  ]) {
    expect.soft(await failureOf(page, call), call).toMatch(/^bad-state load a (network|dataset)/);
  }
  await page.evaluate(async () => {
    await session.loadDataset({ kind: 'packed', file: '/data/pathmnist-light.purge' });
    await session.loadModel('/models/mnist-group.safetensors');
  });
  for (const call of [
    'session.evaluate({ forgetClass: 3 })',
    'session.resolveConfig({ forgetClass: 3 })',
    'session.unlearn({ forgetClass: 3 }).next()',
  ]) {
    expect
      .soft(await failureOf(page, call), call)
      .toMatch(/^bad-model mnist-group\.safetensors: expected a network for/);
  }
  await page.evaluate(() => session.close());
  expect(await failureOf(page, 'session.evaluate({ forgetClass: 3 })')).toBe('bad-state The session is closed.');
});

test('network and data in any order, and what the session tells of them follows', async ({ page }) => {
  test.skip(...withoutPathmnist);
  await openPackagePage(page);
  const told = await page.evaluate(async () => {
    const session = await createSession({ device: 'cpu' });
    const told: string[] = [];
    const tell = () => {
      const { model, dataset, misfit } = session;
      const members = dataset?.counts.train.reduce((a, b) => a + b, 0);
      told.push(
        [model?.name, dataset?.title, members, misfit && 'misfit', model?.misfit && 'told', dataset?.misfit && 'told']
          .filter(Boolean)
          .join(' '),
      );
    };
    const data = (name: string) => session.loadDataset({ kind: 'packed', file: `/data/${name}.purge` }).then(tell);
    const network = (name: string) => session.loadModel(`/models/${name}.safetensors`).then(tell);
    tell();
    await network('mnist-group');
    await data('mnist');
    await data('pathmnist-light');
    await network('pathmnist-batch');
    await network('mnist-batch');
    await data('mnist');
    await session.load('mnist');
    tell();
    // All asked for at once, they are taken in the order in which they were asked for.
    await Promise.all([data('pathmnist-light'), network('pathmnist-group'), data('mnist'), network('mnist-group')]);
    session.close();
    return told;
  });
  expect(told).toEqual([
    '',
    'mnist-group.safetensors',
    'mnist-group.safetensors MNIST 8000',
    'mnist-group.safetensors PathMNIST 2700 misfit told told',
    'pathmnist-batch.safetensors PathMNIST 2700',
    'mnist-batch.safetensors PathMNIST 2700 misfit told told',
    'mnist-batch.safetensors MNIST 8000',
    'mnist-group.safetensors MNIST 8000',
    'mnist-group.safetensors PathMNIST 2700 misfit told told',
    'pathmnist-group.safetensors PathMNIST 2700',
    'pathmnist-group.safetensors MNIST 8000 misfit told told',
    'mnist-group.safetensors MNIST 8000',
  ]);
});

test('two sessions side by side unlearn, and neither disturbs the other', async ({ page }) => {
  await openSession(page);
  const { alone, together, networks } = await page.evaluate(async () => {
    const config = { learningRate: 0.02, epochs: 3, minSteps: 0, batchSize: 8, seed: 1 };
    async function unlearn(session: Session, forgetClass: number) {
      const steps: number[] = [];
      let confusion: number[][] = [];
      for await (const event of session.unlearn({ ...config, forgetClass })) {
        if (event.type === 'progress') steps.push(...event.steps.map((step) => step.retainCe ?? NaN));
        else confusion = event.evaluation.confusionTrain;
      }
      return { steps, confusion, network: String(await session.exportModel()) };
    }
    const other = await createSession({ device: 'cpu' });
    await other.load({ model: '/models/mnist-batch.safetensors', dataset: globalThis.fewDigits });
    const alone = [await unlearn(session, 3), await unlearn(other, 5)];
    await Promise.all([session.reset(), other.reset()]);
    const together = await Promise.all([unlearn(session, 3), unlearn(other, 5)]);
    // The end of one is not the end of the other.
    other.close();
    await session.evaluate({ forgetClass: 3 });
    const strip = ({ steps, confusion }: (typeof alone)[number]) => ({ steps, confusion });
    return {
      alone: alone.map(strip),
      together: together.map(strip),
      networks: together.map(({ network }, i) => network === alone[i]?.network),
    };
  });
  expect(alone[0]?.steps.length).toBeGreaterThan(3);
  expect(alone[0]?.steps).not.toEqual(alone[1]?.steps);
  expect(together).toEqual(alone);
  expect(networks).toEqual([true, true]);
});
