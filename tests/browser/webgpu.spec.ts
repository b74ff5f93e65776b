import { expect, test, type Page } from '@playwright/test';
import type { Evaluation, StepScalars, UnlearnConfig } from 'purge-unlearning';
import { fewDigits, type IdxFiles } from './digits';

const steps = 4;

type Settings = Omit<UnlearnConfig, 'forgetClass'>;

interface Seen {
  kind: string;
  runs: { steps: StepScalars[]; evaluation: Evaluation }[];
}

/** Of each: a few small steps past the end of a pass over D_f, where the run itself looks at its data; then the scores. */
function runs(page: Page, device: 'cpu' | 'webgpu', files: IdxFiles, settings: Settings[]): Promise<Seen> {
  return page.evaluate(
    async ({ device, files, settings, steps }) => {
      const session = await createSession({ device });
      await session.loadModel('/models/mnist-group.safetensors');
      await session.loadDataset({
        kind: 'idx',
        trainImages: new Uint8Array(files['train-images']),
        trainLabels: new Uint8Array(files['train-labels']),
        testImages: new Uint8Array(files['t10k-images']),
        testLabels: new Uint8Array(files['t10k-labels']),
      });
      const small = { forgetClass: 3, batchSize: 8, targetForgetAccuracy: 0, seed: 1 };
      const runs: Seen['runs'] = [];
      for (const config of settings) {
        const seen: StepScalars[] = [];
        for await (const event of session.unlearn({ ...small, ...config })) {
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
    { device, files, settings, steps },
  );
}

test('a few PURGE steps on WebGPU agree with those of the CPU, whatever the preset', async ({ page }) => {
  const files = await fewDigits(page);
  const settings: Settings[] = [{ preset: 'published' }, { preset: 'strict' }];
  const cpu = await runs(page, 'cpu', files, settings);
  const webgpu = await runs(page, 'webgpu', files, settings);
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
