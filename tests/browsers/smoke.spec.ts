import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect } from '@playwright/test';
import { test } from './fixtures';
import type { Control, Role, Tab } from './tab';

const pathmnist = 'www/dist/data/pathmnist-light.purge';

/** Long enough for a slow machine: nothing here is a measure of speed. */
const timeout = 120_000;

/** Waits until something can be pressed; fails at once where the page tells of an error. */
async function waitFor(tab: Tab, role: Role, name: string): Promise<Control> {
  for (const end = Date.now() + timeout; Date.now() < end; await setTimeout(250)) {
    await expectNoAlert(tab);
    const control = await tab.find(role, name);
    if (await control?.isEnabled()) return control!;
  }
  throw new Error(`${role} "${name}" could not be pressed within ${timeout / 1000} s`);
}

async function press(tab: Tab, role: Role, name: string) {
  await (await waitFor(tab, role, name)).click();
}

async function expectStatus(tab: Tab, text: string) {
  const status = () => document.querySelector('[role=status]')?.textContent ?? '';
  await expect.poll(() => tab.run(status), { timeout }).toContain(text);
}

async function expectNoAlert(tab: Tab) {
  const alerts = await tab.run(() =>
    Array.from(document.querySelectorAll('[role=alert]'), (alert) => alert.textContent),
  );
  expect(alerts, 'alerts on the page').toEqual([]);
}

async function openPage(tab: Tab) {
  await tab.open('/?device=cpu&dataset=mnist&workers=2');
  await waitFor(tab, 'button', 'Forget the 3s');
  const device = await tab.run(() => document.querySelector('[data-testid=device]')?.textContent);
  expect(device, 'the device badge').toContain('CPU');
}

test('errors on a page are heard', async ({ tab }) => {
  await tab.open('/tests/package.html');
  await tab.run(() => {
    console.error('said', 'on purpose');
    queueMicrotask(() => {
      throw new Error('thrown on purpose');
    });
    void Promise.reject(new Error('rejected on purpose'));
  });
  const heard: string[] = [];
  await expect
    .poll(async () => heard.push(...(await tab.takeProblems())), { message: 'number of errors', timeout })
    .toBe(3);
  const all = heard.join('\n');
  for (const what of ['said on purpose', 'thrown on purpose', 'rejected on purpose']) expect(all).toContain(what);
});

test('the package forgets a class of a few digits, with two workers', async ({ tab }) => {
  await tab.open('/tests/package.html');
  await expect.poll(() => tab.run(() => 'createSession' in window), { timeout }).toBe(true);
  const { device, before, steps, done, after, workers, parts } = await tab.run(async () => {
    const started: Worker[] = [];
    let parts = 0;
    const heard = new BroadcastChannel('parts');
    heard.onmessage = () => (parts += 1);
    // Each worker tells of every part that it has done for another one.
    const inWorker = () => {
      const channel = new BroadcastChannel('parts');
      const post = MessagePort.prototype.postMessage as (...given: unknown[]) => void;
      MessagePort.prototype.postMessage = function (this: MessagePort, ...given: unknown[]) {
        if ((given[0] as { answer?: unknown } | undefined)?.answer) channel.postMessage('done');
        post.apply(this, given);
      };
    };
    globalThis.Worker = class extends Worker {
      constructor(address: string | URL, options?: WorkerOptions) {
        const imported = `import ${JSON.stringify(new URL(address, location.href).href)};`;
        super(URL.createObjectURL(new Blob([`(${inWorker})();`, imported], { type: 'text/javascript' })), options);
        started.push(this);
      }
    };
    const session = await createSession({ device: 'cpu', workers: 2 });
    const { height, width } = await session.loadDataset({ kind: 'packed', file: '/data/mnist.purge' });
    async function idxOf(split: 'train' | 'test', count: number) {
      const total = 10 * count;
      const images = [0, 0, 8, 3, 0, 0, 0, total, 0, 0, 0, height, 0, 0, 0, width];
      const labels = [0, 0, 8, 1, 0, 0, 0, total];
      for (let k = 0; k < 10; k++) {
        const { pixels } = await session.samples({ class: k, count, split });
        images.push(...pixels);
        labels.push(...Array<number>(count).fill(k));
      }
      return [new Uint8Array(images), new Uint8Array(labels)] as const;
    }
    const [trainImages, trainLabels] = await idxOf('train', 24);
    const [testImages, testLabels] = await idxOf('test', 4);
    await session.loadDataset({ kind: 'idx', trainImages, trainLabels, testImages, testLabels });
    await session.loadModel('/models/mnist-group.safetensors');

    const before = await session.evaluate({ forgetClass: 3 });
    let steps = 0;
    let done;
    for await (const event of session.unlearn({ forgetClass: 3, learningRate: 0.02, epochs: 20 })) {
      if (event.type === 'progress') steps += event.steps.length;
      else done = { stop: event.stop, steps: event.steps, evaluation: event.evaluation };
    }
    const after = await session.evaluate({ forgetClass: 3 });
    session.close();
    return { device: session.device.kind, before, steps, done, after, workers: started.length, parts };
  });

  expect(device).toBe('cpu');
  expect(workers).toBe(2);
  expect(parts, 'parts that the second worker did').toBeGreaterThan(0);
  expect(before.fa).toBeGreaterThan(90);
  expect(done?.stop).toBe('forget_target');
  expect(steps).toBe(done?.steps);
  expect(after.confusion).toEqual(done?.evaluation.confusion);
  expect(after.fa).toBeLessThan(10);
  expect(before.ra - after.ra).toBeLessThan(20);
});

test('the page goes two steps and is cancelled', async ({ tab }) => {
  await openPage(tab);
  await press(tab, 'button', 'Step');
  await expectStatus(tab, 'Paused at step 1');
  await press(tab, 'button', 'Step');
  await expectStatus(tab, 'Paused at step 2');
  expect(await tab.find('table', 'After'), 'no matrix before the run has ended').toBeUndefined();
  await press(tab, 'button', 'Cancel');
  await waitFor(tab, 'table', 'After');
  await waitFor(tab, 'table', 'Before');
  await expectStatus(tab, 'Cancelled');
  await expectNoAlert(tab);
});

test('the page goes from MNIST to PathMNIST and back', async ({ tab }) => {
  const there = existsSync(new URL(`../../${pathmnist}`, import.meta.url));
  test.skip(!there, `there is no ${pathmnist}`);
  await openPage(tab);
  await press(tab, 'tab', 'PathMNIST');
  await waitFor(tab, 'button', 'Forget the lymphocytes');
  await expectNoAlert(tab);
  await press(tab, 'tab', 'MNIST');
  await waitFor(tab, 'button', 'Forget the 3s');
  await expectNoAlert(tab);
});
