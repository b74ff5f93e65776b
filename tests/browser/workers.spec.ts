import { expect, test, type Page } from '@playwright/test';
import { openPackagePage } from './package-page';

interface Options {
  workers: number;
  /** Ends the newest worker, without a word, after the first steps. */
  kill?: boolean;
  method?: 'gradient_ascent' | 'fine_tune';
}

/** Some steps of a run, and the bytes of the network and the scores that they lead to. */
function forget(page: Page, options: Options) {
  return page.evaluate(async ({ workers, kill, method }) => {
    const started: Worker[] = [];
    const Real = globalThis.Worker;
    globalThis.Worker = class extends Real {
      constructor(...all: ConstructorParameters<typeof Worker>) {
        super(...all);
        started.push(this);
      }
    };
    const session = await createSession({ device: 'cpu', workers });
    await session.load('mnist');
    const parts: string[] = [];
    const run = {
      forgetClass: 3,
      ...(method && { method }),
      preset: 'published' as const,
      batchSize: 100,
      learningRate: 0.003,
      checkEvery: 4,
      targetForgetAccuracy: 0,
    };
    for await (const event of session.unlearn(run, { stepsPerEvent: 2 })) {
      if (event.type !== 'progress') continue;
      parts.push(...event.steps.map((step) => JSON.stringify(step)));
      if (kill && parts.length === 2) started.at(-1)?.terminate();
      if (parts.length >= 6) break;
    }
    const { fa, ra, retainLoss } = await session.evaluate({ forgetClass: 3 });
    const network = await crypto.subtle.digest('SHA-256', Uint8Array.from(await session.exportModel()));
    session.close();
    globalThis.Worker = Real;
    return {
      workers: started.length,
      told: session.device.workers,
      result: { fa, ra, retainLoss, parts, network: String(new Uint8Array(network)) },
    };
  }, options);
}

test('the bits are the same with 1, 2 and 3 workers, and where a helper dies in the middle', async ({ page }) => {
  await openPackagePage(page);
  const alone = await forget(page, { workers: 1 });
  expect(alone).toMatchObject({ workers: 1, told: 1 });
  expect(alone.result.parts).toHaveLength(6);
  for (const options of [{ workers: 2 }, { workers: 3 }, { workers: 2, kill: true }]) {
    const { result, ...counts } = await forget(page, options);
    expect(counts).toEqual({ workers: options.workers, told: options.workers });
    expect(result, JSON.stringify(options)).toEqual(alone.result);
  }
});

test('helpers do what the simple methods need, too', async ({ page }) => {
  await openPackagePage(page);
  for (const method of ['gradient_ascent', 'fine_tune'] as const) {
    const alone = await forget(page, { workers: 1, method });
    expect((await forget(page, { workers: 2, method })).result).toEqual(alone.result);
  }
});
