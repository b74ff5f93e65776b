/* global createSession */
import { table } from '../tables.mjs';

const kinds = ['dispatches', 'submits', 'pipelines'];

/** What a step asks of WebGPU, counted in the engine's worker. */
export async function gpu(bench) {
  const { steps, warmUp, device } = await bench.inChromium(async (browser, origin) => {
    const page = await browser.newPage();
    try {
      await page.addInitScript(countInWorkers, `(${count})()`);
      await page.goto(`${origin}/tests/package.html`);
      await page.waitForFunction(() => 'createSession' in globalThis);
      return await page.evaluate(stepsOnGpu, bench.options.quick ? 2 : 4);
    } finally {
      await page.close();
    }
  });
  const rows = [['up to the first step', warmUp], ...steps.map((counts, i) => [`step ${i + 2}`, counts])].map(
    ([what, counts]) => [what, ...kinds.map((kind) => counts[kind]), counts.ms.toFixed(0)],
  );
  const text = [`### WebGPU: ${device}\n`, table('lrrrr', ['128 + 128 images', ...kinds, 'ms'], rows)];
  return { text: text.join('\n'), data: { device, warmUp, steps } };
}

/** Runs in the page, before all else: puts `code` before what each worker does. */
function countInWorkers(code) {
  globalThis.Worker = class extends Worker {
    constructor(address, options) {
      const imported = `import ${JSON.stringify(new URL(address, location.href).href)};`;
      super(URL.createObjectURL(new Blob([code, imported], { type: 'text/javascript' })), options);
    }
  };
}

/** Runs in each worker: counts, and tells whoever asks. */
function count() {
  const counts = { dispatches: 0, submits: 0, pipelines: 0 };
  const watch = (type, method, what) => {
    const original = type?.prototype[method];
    if (!original) return;
    type.prototype[method] = function (...given) {
      counts[what] += 1;
      return original.apply(this, given);
    };
  };
  watch(globalThis.GPUComputePassEncoder, 'dispatchWorkgroups', 'dispatches');
  watch(globalThis.GPUQueue, 'submit', 'submits');
  for (const method of ['createComputePipeline', 'createComputePipelineAsync']) {
    watch(globalThis.GPUDevice, method, 'pipelines');
  }
  const channel = new BroadcastChannel('counts');
  channel.onmessage = () => channel.postMessage(counts);
}

/** Runs in the page. */
async function stepsOnGpu(count) {
  const channel = new BroadcastChannel('counts');
  const counts = () =>
    new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
      channel.postMessage('how many?');
    });
  const session = await createSession({ device: 'webgpu' });
  await session.load({
    model: '/models/mnist-group.safetensors',
    dataset: { kind: 'packed', file: '/data/mnist.purge' },
  });
  const endless = { learningRate: 1e-12, checkEvery: 1e6, epochs: 1e4, targetForgetAccuracy: 0, retainBudget: 0 };
  const run = session.unlearn({ forgetClass: 3, batchSize: 128, ...endless }, { ahead: () => false });
  const asked = [];
  let before = { dispatches: 0, submits: 0, pipelines: 0 };
  for (let step = 0; step <= count; step++) {
    const began = performance.now();
    await run.next();
    const ms = performance.now() - began;
    const now = await counts();
    asked.push({ ms, ...Object.fromEntries(Object.entries(now).map(([what, n]) => [what, n - before[what]])) });
    before = now;
  }
  const device = session.device.name;
  session.close();
  return { device, warmUp: asked[0], steps: asked.slice(1) };
}
