// bench-web.mjs [NATIVE]: times the package in Chromium and prints it beside the JSON that `purge bench` wrote.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const port = 4820;
const address = `http://localhost:${port}/tests/package.html`;

async function serve() {
  const script = fileURLToPath(new URL('../tests/browser/server.mjs', import.meta.url));
  const server = spawn(process.execPath, [script, String(port)], { stdio: 'inherit' });
  // Whatever ends this script ends the server, or the next run would find its port taken.
  process.on('exit', () => server.kill());
  server.on('exit', (code) => code && process.exit(code));
  for (let tries = 0; tries < 50; tries++) {
    const response = await fetch(address).catch(() => undefined);
    if (response?.ok) return;
    await setTimeout(100);
  }
  throw new Error(`nothing answers at ${address}`);
}

await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
});

/** Runs in the page. Milliseconds per step, and the whole run where one is asked for. */
async function measure({ device, steps, wholeRun }) {
  const { createSession } = await import('/pkg/lib/index.js');
  const session = await createSession({ device });
  await session.loadModel('/models/mnist-group.safetensors');
  await session.loadDataset({ kind: 'packed', file: '/data/mnist.purge' });

  // So small a step that nothing is ever forgotten, and no condition ends the run before all steps are timed.
  const endless = { learningRate: 1e-12, retainBudget: 1e6, targetForgetAccuracy: 0, checkEvery: 1e6, epochs: 1000 };
  const times = [];
  let last;
  for await (const event of session.unlearn({ forgetClass: 3, batchSize: 128, ...endless }, { stepsPerEvent: 2 })) {
    const now = performance.now();
    // The first event holds the compilation of shaders.
    if (last !== undefined && event.type === 'progress') times.push((now - last) / event.steps.length);
    last = now;
    if (times.length * 2 >= steps) break;
  }
  times.sort((a, b) => a - b);
  const result = { device: session.device.name, msPerStep: times[Math.floor(times.length / 2)] };

  if (wholeRun) {
    await session.reset();
    for await (const event of session.unlearn({ forgetClass: 3 })) {
      if (event.type === 'done') result.run = { steps: event.steps, seconds: event.seconds };
    }
  }
  session.close();
  return result;
}

/** The demo page itself, from the click to the sentence: seconds, and how long its own thread was ever held up. */
async function visit() {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${port}/?device=cpu&dataset=mnist&class=3`);
  const forget = page.getByRole('button', { name: 'Forget the 3s', exact: true });
  const before = page.getByRole('table', { name: 'Before', exact: true });
  await before.waitFor({ timeout: 120_000 });
  await page.evaluate(() => {
    window.longestGap = 0;
    let tick = performance.now();
    setInterval(() => {
      const now = performance.now();
      window.longestGap = Math.max(window.longestGap, now - tick);
      tick = now;
    }, 5);
  });
  const began = Date.now();
  await forget.click();
  await page.getByText(/^It recognises .* of the 3s it learnt from/).waitFor({ timeout: 600_000 });
  const seconds = (Date.now() - began) / 1e3;
  await page.getByRole('table', { name: /^Retrained/ }).waitFor({ timeout: 120_000 });
  const longestGap = await page.evaluate(() => window.longestGap);
  await page.close();
  return { seconds, longestGap };
}

async function run(options) {
  const page = await browser.newPage();
  await page.goto(address);
  const result = await page.evaluate(measure, options);
  await page.close();
  return result;
}

function row(where, { msPerStep, run }) {
  const whole = run ? `${run.seconds.toFixed(1)} s, ${run.steps} steps` : '';
  return `| ${where} | ${msPerStep.toFixed(1)} | ${whole} |`;
}

const rows = [];
if (process.argv[2]) {
  const native = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  rows.push(
    row('native CPU', { msPerStep: native.step_ms, run: { steps: native.run_steps, seconds: native.run_seconds } }),
  );
}
const cpu = await run({ device: 'cpu', steps: 30, wholeRun: true });
rows.push(row(`wasm, ${cpu.device}`, cpu));
const demo = await visit();
const gpu = await run({ device: 'webgpu', steps: 6, wholeRun: false });
rows.push(row(`wasm, WebGPU (${gpu.device})`, gpu));

console.log(
  `${cpus()[0].model}, ${availableParallelism()} cores; Chromium ${browser.version()}; MNIST, batch 128 + 128\n`,
);
console.log('| where | ms per step | the whole run for class 3 |\n|---|---|---|');
console.log(rows.join('\n'));
console.log(
  `\nOn the demo page, from the click to the sentence on the CPU: ${demo.seconds.toFixed(1)} s; ` +
    `its own thread never paused longer than ${demo.longestGap.toFixed(0)} ms.`,
);
await browser.close();
process.exit();
