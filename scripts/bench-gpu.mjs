// bench-gpu.mjs DAWN BATCH STEPS: the very module that the page runs, in Node on Dawn. Prints a table of times, and of what
// is asked of the card.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [dawn, batch, steps] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { create, globals } = await import(pathToFileURL(dawn).href);
Object.assign(globalThis, globals);
// What wgpu takes for a browser's worker.
globalThis.WorkerGlobalScope = Object;
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });

const asked = { dispatches: 0, submits: 0, pipelines: 0 };
const count = (prototype, method, what) => {
  const original = prototype[method];
  prototype[method] = function (...given) {
    asked[what] += 1;
    return original.apply(this, given);
  };
};
count(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', 'dispatches');
count(GPUQueue.prototype, 'submit', 'submits');
count(GPUDevice.prototype, 'createComputePipeline', 'pipelines');

const rows = [];
/** Awaits `work` and notes what it took. */
async function timed(what, work) {
  const before = { ...asked };
  const began = performance.now();
  const value = await work();
  const ms = performance.now() - began;
  rows.push({ what, ms, ...Object.fromEntries(Object.entries(asked).map(([key, n]) => [key, n - before[key]])) });
  return value;
}

const project = (path) => new URL(`../${path}`, import.meta.url);
const { default: init, Engine } = await import(project('pkg/dist/webgpu/purge_unlearning.js').href);
await init({ module_or_path: readFileSync(project('pkg/dist/webgpu/purge_unlearning_bg.wasm')) });

try {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('there is no graphics adapter here: a driver for Vulkan, Metal or D3D12 is needed');
  const { vendor, architecture, device, description } = adapter.info;
  const card = [vendor, architecture, device, description].filter(Boolean).join(' ');

  const engine = await timed('device', () => Engine.create());
  engine.loadModel('mnist-group', readFileSync(project('www/public/models/mnist-group.safetensors')));
  engine.loadDataset('packed', ['mnist.purge'], [readFileSync(project('www/public/data/mnist.purge'))]);
  const options = { forgetClass: 3 };
  await timed('first evaluation', () => engine.evaluate(options, undefined));
  engine.reset();

  const endless = { checkEvery: 1_000_000, epochs: 1000, targetForgetAccuracy: 0 };
  await timed('preparing a run', () => engine.startUnlearning({ ...options, ...endless, batchSize: batch }));
  await timed('first step', () => engine.advance(1));
  for (let step = 1; step < steps; step += 1) await timed('step', () => engine.advance(1));
  engine.finish();
  engine.reset();

  await timed('whole run', async () => {
    await engine.startUnlearning({ ...options, batchSize: batch });
    while (!(await engine.advance(1)).stop);
    engine.finish();
  });
  const evaluation = await timed('evaluation after it', () => engine.evaluate(options, undefined));

  const later = rows.filter(({ what }) => what === 'step').sort((a, b) => a.ms - b.ms);
  const median = later[Math.floor(later.length / 2)];
  const shown = rows.filter(({ what }) => what !== 'step');
  if (median) shown.splice(4, 0, { ...median, what: `step, median of ${later.length}` });
  console.log(`${card}, batches of ${batch} + ${batch}\n`);
  console.log('| | ms | dispatches | submits | pipelines made |\n|---|--:|--:|--:|--:|');
  for (const { what, ms, dispatches, submits, pipelines } of shown) {
    console.log(`| ${what} | ${ms.toFixed(1)} | ${dispatches} | ${submits} | ${pipelines} |`);
  }
  console.log(
    `\n${asked.pipelines} pipelines in all; FA ${evaluation.fa.toFixed(2)} %, RA ${evaluation.ra.toFixed(2)} %`,
  );
} catch (error) {
  // What the engine throws is a plain object with a message.
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
// Dawn's threads would keep the process.
process.exit();
