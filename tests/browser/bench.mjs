// Times the package in Chromium, on the built page's own data, and prints the figures as JSON.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const port = 4818;
const server = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url)), String(port)], {
  stdio: 'inherit',
});
const { CHROMIUM } = process.env;
const browser = await chromium.launch({
  ...(CHROMIUM && { executablePath: CHROMIUM }),
  args: ['--no-sandbox', '--enable-unsafe-webgpu'],
});

/** In the page: the run for MNIST class 3, whole or its first steps. */
async function measure({ device, most }) {
  let last = performance.now();
  let longestGapMs = 0;
  const ticks = setInterval(() => {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
  }, 5);
  const session = await createSession({ device });
  const files = await Promise.all(['/models/mnist-group.safetensors', '/data/mnist.purge'].map((file) => fetch(file)));
  const [model, data] = await Promise.all(files.map((file) => file.blob()));
  await session.loadModel(model);
  await session.loadDataset({ kind: 'packed', file: data });
  const times = [];
  let whole;
  const start = performance.now();
  let before = start;
  for await (const event of session.unlearn({ forgetClass: 3, preset: 'strict' })) {
    const now = performance.now();
    if (event.type === 'done') whole = { stop: event.stop, steps: event.steps, seconds: (now - start) / 1000 };
    else times.push(now - before);
    before = now;
    if (times.length === most) break;
  }
  const { name } = session.device;
  session.close();
  clearInterval(ticks);
  // The first steps also compile kernels; the median leaves them and the checks of forget accuracy out.
  const sorted = times.slice(1).sort((a, b) => a - b);
  return { device, name, msPerStep: sorted[sorted.length >> 1], whole, longestGapMs };
}

try {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${port}/tests/package.html`);
  await page.waitForFunction(() => 'createSession' in window);
  const figures = [await page.evaluate(measure, { device: 'cpu', most: Infinity })];
  const gpu = await page.evaluate(measure, { device: 'webgpu', most: 8 }).catch((error) => ({
    device: 'webgpu',
    failed: String(error.message).split('\n')[0],
  }));
  console.log(JSON.stringify([...figures, gpu], null, 2));
} finally {
  await browser.close();
  server.kill();
}
