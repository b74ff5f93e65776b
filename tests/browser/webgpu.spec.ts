import { expect, test, type Page } from '@playwright/test';
import { methods, type Evaluation, type StepScalars, type UnlearnConfig } from 'purge-unlearning';
import { fewDigits, type IdxFiles } from './digits';

declare global {
  /** Goes on with the run to the end of its next step. */
  var nextStep: () => Promise<void>;
}

const steps = 4;

/** Of the network. */
type Norm = 'group' | 'batch';
type Settings = Omit<UnlearnConfig, 'forgetClass'>;

interface Seen {
  kind: string;
  runs: { steps: StepScalars[]; evaluation: Evaluation }[];
}

const small = { batchSize: 8, seed: 1 };

/** Of each: a few small steps, four are past the end of a pass over D_f, where the run itself looks at its data; then the scores. */
function runs(
  page: Page,
  device: 'cpu' | 'webgpu',
  norm: Norm,
  files: IdxFiles,
  settings: Settings[],
  steps: number,
): Promise<Seen> {
  return page.evaluate(
    async ({ device, norm, files, settings, steps }) => {
      const session = await createSession({ device });
      await session.loadModel(`/models/mnist-${norm}.safetensors`);
      await session.loadDataset({
        kind: 'idx',
        trainImages: new Uint8Array(files['train-images']),
        trainLabels: new Uint8Array(files['train-labels']),
        testImages: new Uint8Array(files['t10k-images']),
        testLabels: new Uint8Array(files['t10k-labels']),
      });
      const runs: Seen['runs'] = [];
      for (const config of settings) {
        const seen: StepScalars[] = [];
        for await (const event of session.unlearn({ ...config, forgetClass: 3 })) {
          if (event.type === 'progress') seen.push(...event.steps);
          if (seen.length >= steps) break;
        }
        const evaluation = await session.evaluate({ forgetClass: 3 });
        runs.push({ steps: seen.slice(0, steps), evaluation });
        await session.reset();
      }
      session.close();
      return { kind: session.device.kind, runs };
    },
    { device, norm, files, settings, steps },
  );
}

/** What workers have asked of the graphics card since the page was opened. */
interface Asked {
  dispatches: number;
  submits: number;
  pipelines: number;
}

/** Lets the workers of a page count what they ask of the graphics card: before the page is opened. Gives the counts. */
async function countAsked(page: Page): Promise<() => Promise<Asked>> {
  const counting = () => {
    const asked: Asked = { dispatches: 0, submits: 0, pipelines: 0 };
    const count = (prototype: object, method: string, what: keyof Asked) => {
      const original = Reflect.get(prototype, method) as (...given: unknown[]) => unknown;
      Reflect.set(prototype, method, function (this: unknown, ...given: unknown[]) {
        asked[what] += 1;
        return original.apply(this, given);
      });
    };
    const here = globalThis as unknown as Record<string, { prototype: object } | undefined>;
    if (!here['GPUDevice'] || !here['GPUQueue'] || !here['GPUComputePassEncoder']) return;
    count(here['GPUComputePassEncoder'].prototype, 'dispatchWorkgroups', 'dispatches');
    count(here['GPUQueue'].prototype, 'submit', 'submits');
    count(here['GPUDevice'].prototype, 'createComputePipeline', 'pipelines');
    const channel = new BroadcastChannel('asked');
    channel.onmessage = () => {
      if (asked.dispatches > 0) channel.postMessage(asked);
    };
  };
  await page.route('**/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${counting.toString()})();\n${await response.text()}` });
  });
  return () =>
    page.evaluate(
      () =>
        new Promise<Asked>((resolve) => {
          const channel = new BroadcastChannel('asked');
          channel.onmessage = ({ data }: MessageEvent<Asked>) => {
            channel.close();
            resolve(data);
          };
          channel.postMessage('how much?');
        }),
    );
}

test('a step on WebGPU is a few dispatches, and the pipelines of a run are few', async ({ page }) => {
  const asked = await countAsked(page);
  const files = await fewDigits(page);
  await page.evaluate(async (files) => {
    const session = await createSession({ device: 'webgpu' });
    await session.loadModel('/models/mnist-group.safetensors');
    await session.loadDataset({
      kind: 'idx',
      trainImages: new Uint8Array(files['train-images']),
      trainLabels: new Uint8Array(files['train-labels']),
      testImages: new Uint8Array(files['t10k-images']),
      testLabels: new Uint8Array(files['t10k-labels']),
    });
    await session.evaluate({ forgetClass: 3 });
    // A pass over D_f is twelve steps: none of these is followed by a look at the data.
    const endless = { epochs: 1000, checkEvery: 1_000_000, targetForgetAccuracy: 0, batchSize: 2 };
    const events = session.unlearn({ forgetClass: 3, ...endless });
    globalThis.nextStep = async () => {
      for (;;) {
        const { value, done } = await events.next();
        if (done || (value.type === 'progress' && value.steps.length > 0)) return;
      }
    };
    await globalThis.nextStep();
  }, files);
  const seen: Asked[] = [await asked()];
  for (let step = 0; step < 5; step += 1) {
    await page.evaluate(() => globalThis.nextStep());
    seen.push(await asked());
  }
  const usual = (what: keyof Asked) => {
    const steps = seen.slice(1).map((now, step) => now[what] - (seen[step]?.[what] ?? NaN));
    return steps.sort((a, b) => a - b)[2];
  };
  expect(usual('dispatches')).toBeGreaterThan(20);
  expect(usual('dispatches')).toBeLessThanOrEqual(110);
  expect(usual('submits')).toBeLessThanOrEqual(8);
  expect(seen.at(-1)?.pipelines).toBeLessThanOrEqual(40);
});

const compared: [string, Norm, Settings[]][] = [
  ['of the presets', 'group', [{ preset: 'published' }, { preset: 'strict', samplesAtOnce: 3 }]],
  [
    'with other objectives',
    'group',
    [
      { preset: 'published', objective: 'uniform', forgetGate: 0.9 },
      { preset: 'strict', objective: 'gradient_ascent', maxGradNorm: 0 },
    ],
  ],
  ['with batch normalisation', 'batch', [{ preset: 'published' }]],
];
for (const [which, norm, settings] of compared)
  test(`a few PURGE steps ${which} on WebGPU agree with those of the CPU`, async ({ page }) => {
    const files = await fewDigits(page);
    const whole = settings.map((of) => ({ ...small, targetForgetAccuracy: 0, ...of }));
    const cpu = await runs(page, 'cpu', norm, files, whole, steps);
    const webgpu = await runs(page, 'webgpu', norm, files, whole, steps);
    expect([cpu.kind, webgpu.kind]).toEqual(['cpu', 'webgpu']);
    for (const [i, expectedRun] of cpu.runs.entries()) {
      const foundRun = webgpu.runs[i];
      expect([expectedRun.steps.length, foundRun?.steps.length]).toEqual([steps, steps]);
      for (const [j, expected] of expectedRun.steps.entries()) {
        const found = foundRun?.steps[j];
        for (const loss of ['retainCe', 'retainKd', 'forgetCe', 'forgetObjective', 'representation'] as const) {
          const what = `${loss} in step ${expected.step} of ${JSON.stringify(settings[i])}`;
          expect(Math.abs((found?.[loss] ?? NaN) - (expected[loss] ?? NaN)), what).toBeLessThan(1e-3);
        }
        expect([found?.projected, found?.retainOnly]).toEqual([expected.projected, expected.retainOnly]);
      }
      expect(foundRun?.evaluation.confusion).toEqual(expectedRun.evaluation.confusion);
      expect(foundRun?.evaluation.mia.mean).toBeCloseTo(expectedRun.evaluation.mia.mean, 2);
    }
  });

test('the first steps of every method on WebGPU agree with those of the CPU', async ({ page }) => {
  const files = await fewDigits(page);
  const short = { targetForgetAccuracy: 0, steps: 2, noiseSteps: 1, noiseCopies: 1 };
  const settings = methods.map(({ name, settings }) => {
    const had = Object.entries(short).filter(([key]) => (settings as readonly string[]).includes(key));
    return { ...small, method: name, ...Object.fromEntries(had) };
  });
  const cpu = await runs(page, 'cpu', 'group', files, settings, 2);
  const webgpu = await runs(page, 'webgpu', 'group', files, settings, 2);
  for (const [i, { name }] of methods.entries()) {
    const [expectedRun, foundRun] = [cpu.runs[i], webgpu.runs[i]];
    expect(expectedRun?.steps.length, name).toBeGreaterThan(0);
    expect(foundRun?.steps.length, name).toBe(expectedRun?.steps.length);
    for (const [j, expected] of expectedRun?.steps.entries() ?? []) {
      for (const [key, value] of Object.entries(expected)) {
        const [found, what] = [foundRun?.steps[j]?.[key], `${name}: ${key} in step ${expected.step}`];
        if (typeof value !== 'number') expect(found, what).toBe(value);
        else expect(Math.abs(Number(found) - value), what).toBeLessThan(1e-3 * Math.max(1, Math.abs(value)));
      }
    }
    expect(foundRun?.evaluation.confusion, name).toEqual(expectedRun?.evaluation.confusion);
  }
});
