import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

/** Serves the built page and the package, as the browser tests do, and a folder at /more/. */
export async function serve(port, folder) {
  const script = fileURLToPath(new URL('../tests/browser/server.mjs', import.meta.url));
  const server = spawn(process.execPath, [script, `${port}`, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (text) => (said += text));
  // Whatever ends this process ends the server, or the next run would find its port taken.
  process.on('exit', () => server.kill());
  const origin = `http://localhost:${port}`;
  for (let tries = 0; tries < 50 && server.exitCode === null; tries++) {
    await setTimeout(100);
    const response = await fetch(`${origin}/tests/package.html`).catch(() => undefined);
    if (response?.ok && server.exitCode === null) return origin;
  }
  server.kill();
  throw new Error(`nothing answers at ${origin}: ${said.trim().split('\n').at(-1)}`);
}

/** Chromium, with a software adapter for WebGPU where there is no other. */
export function launch() {
  const software = process.env.BENCH_GPU ? [] : ['--use-webgpu-adapter=swiftshader'];
  return chromium.launch({
    ...(process.env.CHROMIUM && { executablePath: process.env.CHROMIUM }),
    args: ['--no-sandbox', '--enable-unsafe-webgpu', '--enable-precise-memory-info', ...software],
  });
}
