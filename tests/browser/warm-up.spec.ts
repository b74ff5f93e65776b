import { expect, test, type Page } from '@playwright/test';
import { controls } from './demo-page';
import { fewDigits } from './digits';
import { openPackagePage } from './package-page';
import { listenTo } from './problems';

/** Lets the software adapter pass for a graphics card, as some do that do not say what they are. */
async function disguise(page: Page): Promise<void> {
  await page.route('**/worker-*.js', async (route) => {
    const response = await route.fetch();
    const hide = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });";
    await route.fulfill({ response, body: `${hide}\n${await response.text()}` });
  });
}

test('auto finds that a software GPU is slower than the CPU, goes on with the CPU and says so', async ({ page }) => {
  const heard = listenTo(page);
  const modules: string[] = [];
  page.on('request', (request) => {
    const [, kind] = /engine\/([\w-]+)\/.*\.wasm/.exec(request.url()) ?? [];
    if (kind) modules.push(kind);
  });
  await disguise(page);
  await page.goto('/?class=5');
  const { device, forget, status, step } = controls(page);
  await expect(device).toContainText('WebGPU', { timeout: 60_000 });
  await expect(status).toHaveText('Preparing the GPU', { timeout: 60_000 });
  await expect(page.getByText('you can start at any time')).toBeVisible();
  // The story goes on meanwhile.
  await expect(forget).toBeEnabled();
  expect(modules).toEqual(['webgpu']);

  await expect(device).toContainText('CPU', { timeout: 300_000 });
  const why =
    /^Ready\. The GPU here needs (more than )?[\d.]+ m?s for a step, the CPU [\d.]+ m?s\. Going on with the CPU\.$/;
  await expect(status).toHaveText(why);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  // The engine's, and then one for each helper.
  expect(new Set(modules.slice(1)).size).toBe(1);
  expect(modules[1]).toMatch(/^cpu/);

  expect(new URL(page.url()).search).toBe('?class=5');
  await expect(page.getByRole('radio', { name: '5', exact: true })).toBeChecked();
  await step.click();
  await expect(status).toContainText('Paused at step 1', { timeout: 120_000 });
  await expect(device).toContainText('CPU');
  expect(heard.problems).toEqual([]);
});

test('WebGPU that was asked for stays, however slow', async ({ page }) => {
  const heard = listenTo(page);
  await page.goto('/?device=webgpu');
  const { device, status } = controls(page);
  await expect(status).toHaveText('Preparing the GPU', { timeout: 60_000 });
  await expect(status).toHaveText('Ready', { timeout: 300_000 });
  await expect(device).toContainText('WebGPU');
  await expect(page.getByText('The GPU here needs')).toHaveCount(0);
  expect(new URL(page.url()).search).toBe('?device=webgpu');
  expect(heard.problems).toEqual([]);
});

test('a warm-up changes no bit of a run, and gives way to one', async ({ page }) => {
  await openPackagePage(page);
  const files = await fewDigits(page);
  const { warm, early, runs } = await page.evaluate(async (files) => {
    const session = await createSession({ device: 'webgpu' });
    await session.loadModel('/models/mnist-batch.safetensors');
    await session.loadDataset({
      kind: 'idx',
      trainImages: new Uint8Array(files['train-images']),
      trainLabels: new Uint8Array(files['train-labels']),
      testImages: new Uint8Array(files['t10k-images']),
      testLabels: new Uint8Array(files['t10k-labels']),
    });
    const runs: string[] = [];
    const run = async () => {
      const steps: unknown[] = [];
      const config = { forgetClass: 3, batchSize: 8, checkEvery: 50, targetForgetAccuracy: 0, seed: 1 };
      for await (const event of session.unlearn(config)) {
        if (event.type === 'progress') steps.push(event.steps);
        if (steps.length === 2) break;
      }
      const network = await crypto.subtle.digest('SHA-256', Uint8Array.from(await session.exportModel()));
      runs.push(JSON.stringify([steps, String(new Uint8Array(network))]));
      await session.reset();
    };
    await run();
    const warm = await session.warmUp();
    await run();
    const early = session.warmUp();
    await run();
    session.close();
    return { warm, early: await early, runs };
  }, files);
  expect(warm?.kind).toBe('webgpu');
  expect(early).toBeUndefined();
  expect(runs).toHaveLength(3);
  expect(runs[1]).toBe(runs[0]);
  expect(runs[2]).toBe(runs[0]);
});
