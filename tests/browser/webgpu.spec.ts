import { expect, test } from '@playwright/test';
import type { StepScalars } from 'purge-unlearning';
import { fewDigits } from './digits';

const steps = 4;

test('a few PURGE steps on WebGPU agree with those of the CPU', async ({ page }) => {
  const files = await fewDigits(page);
  const run = (device: 'cpu' | 'webgpu') =>
    page.evaluate(
      async ({ device, files, steps }) => {
        const session = await createSession({ device });
        await session.loadModel('/models/mnist-group.safetensors');
        await session.loadDataset({
          kind: 'idx',
          trainImages: new Uint8Array(files['train-images']),
          trainLabels: new Uint8Array(files['train-labels']),
          testImages: new Uint8Array(files['t10k-images']),
          testLabels: new Uint8Array(files['t10k-labels']),
        });
        const config = { forgetClass: 3, preset: 'published', batchSize: 8, targetForgetAccuracy: 0, seed: 1 } as const;
        const seen: StepScalars[] = [];
        for await (const event of session.unlearn(config)) {
          if (event.type === 'progress') seen.push(...event.steps);
          if (seen.length >= steps) break;
        }
        session.close();
        return { kind: session.device.kind, seen };
      },
      { device, files, steps },
    );

  const cpu = await run('cpu');
  const webgpu = await run('webgpu');
  expect([cpu.kind, webgpu.kind]).toEqual(['cpu', 'webgpu']);
  expect([cpu.seen.length, webgpu.seen.length]).toEqual([steps, steps]);
  for (const [i, expected] of cpu.seen.entries()) {
    const found = webgpu.seen[i];
    for (const loss of ['retainCe', 'retainKd', 'forgetCe', 'forgetObjective', 'representation'] as const) {
      expect(Math.abs((found?.[loss] ?? NaN) - expected[loss]), `${loss} in step ${expected.step}`).toBeLessThan(1e-3);
    }
    expect(found?.projected).toBe(expected.projected);
  }
});
