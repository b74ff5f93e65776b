import type { LaunchOptions } from '@playwright/test';

/** Where the page is served during the tests. */
export const port = 4817;

/** Lets Chromium use WebGPU on a software adapter, which is all a machine without a graphics card has. */
export const softwareWebGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** How to start the browser; the environment variable CHROMIUM names one other than Playwright's own. */
export function browser(args: string[] = softwareWebGpu): LaunchOptions {
  const { CHROMIUM } = process.env;
  return { ...(CHROMIUM && { executablePath: CHROMIUM }), args: ['--no-sandbox', ...args] };
}
