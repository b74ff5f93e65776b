import { existsSync } from 'node:fs';
import type { LaunchOptions } from '@playwright/test';

/** Where the page is served during the tests, and the package one port further; PORT asks for others. */
export const port = Number(process.env['PORT'] ?? 4817);

/** Lets Chromium use WebGPU on a software adapter, which is all a machine without a graphics card has. */
export const softwareWebGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

const chromium = process.env['CHROMIUM'] ?? ['/usr/bin/chromium'].find((path) => existsSync(path));

/** How to start the browser: the one that CHROMIUM names, else Debian's, else Playwright's own. */
export function browser(args: string[] = softwareWebGpu): LaunchOptions {
  return { ...(chromium && { executablePath: chromium }), args: ['--no-sandbox', ...args] };
}
