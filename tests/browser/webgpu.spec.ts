import { expect, test } from '@playwright/test';
import type { DatasetSource, Session, StepScalars } from 'purge-unlearning';
import { openPackagePage } from './package-page';

const steps = 4;

test('a few PURGE steps on WebGPU agree with those of the CPU', async ({ page }) => {
  test.setTimeout(400_000);
  await openPackagePage(page);
  const { cpu, webgpu } = await page.evaluate(async (steps) => {
    /** The first `count` digits of each class as two IDX files. */
    async function idx(session: Session, split: 'train' | 'test', count: number) {
      const total = count * 10;
      const images = new Uint8Array(16 + total * 784);
      const labels = new Uint8Array(8 + total);
      images.set([0, 0, 8, 3, 0, 0, total >> 8, total & 255, 0, 0, 0, 28, 0, 0, 0, 28]);
      labels.set([0, 0, 8, 1, 0, 0, total >> 8, total & 255]);
      for (let k = 0; k < 10; k++) {
        const { pixels } = await session.samples({ class: k, count, split });
        images.set(pixels, 16 + k * count * 784);
        labels.fill(k, 8 + k * count, 8 + (k + 1) * count);
      }
      return { images, labels };
    }

    /** Little enough for a software adapter. */
    async function fewDigits(): Promise<DatasetSource> {
      const session = await createSession({ device: 'cpu' });
      await session.loadDataset({ kind: 'packed', file: '/data/mnist.purge' });
      const train = await idx(session, 'train', 24);
      const rest = await idx(session, 'test', 4);
      session.close();
      return {
        kind: 'idx',
        trainImages: train.images,
        trainLabels: train.labels,
        testImages: rest.images,
        testLabels: rest.labels,
      };
    }

    async function run(device: 'cpu' | 'webgpu', dataset: DatasetSource) {
      const session = await createSession({ device });
      await session.loadModel('/models/mnist-group.safetensors');
      await session.loadDataset(dataset);
      const config = { forgetClass: 3, preset: 'published', batchSize: 8, targetForgetAccuracy: 0, seed: 1 } as const;
      const seen: StepScalars[] = [];
      for await (const event of session.unlearn(config)) {
        if (event.type === 'progress') seen.push(...event.steps);
        if (seen.length >= steps) break;
      }
      session.close();
      return { device: session.device.kind, seen };
    }

    const dataset = await fewDigits();
    return { cpu: await run('cpu', dataset), webgpu: await run('webgpu', dataset) };
  }, steps);

  expect([cpu.device, webgpu.device]).toEqual(['cpu', 'webgpu']);
  expect([cpu.seen.length, webgpu.seen.length]).toEqual([steps, steps]);
  for (const [i, expected] of cpu.seen.entries()) {
    const found = webgpu.seen[i];
    for (const loss of ['retainCe', 'retainKd', 'forgetCe', 'forgetObjective', 'representation'] as const) {
      expect(Math.abs((found?.[loss] ?? NaN) - expected[loss]), `${loss} in step ${expected.step}`).toBeLessThan(1e-3);
    }
    expect(found?.projected).toBe(expected.projected);
  }
});
