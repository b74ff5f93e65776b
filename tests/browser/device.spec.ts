import { chromium, expect, test } from '@playwright/test';
import { controls } from './demo-page';
import { browser, port } from './setting';

test('without WebGPU the page runs on the CPU and says why', async () => {
  const plain = await chromium.launch(browser([]));
  const page = await plain.newPage({ baseURL: `http://localhost:${port}` });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto('/?dataset=mnist');
  const { device, forget } = controls(page);
  await expect(device).toContainText('CPU', { timeout: 60_000 });
  await expect(page.getByText('offers no graphics adapter')).toBeVisible();
  await expect(forget).toBeEnabled({ timeout: 60_000 });
  // A helper may have asked for the same one already.
  const modules = new Set(asked.filter((url) => url.endsWith('.wasm')));
  expect([...modules]).toEqual([expect.stringContaining('/engine/cpu')]);
  await plain.close();
});

test('a software adapter is passed over for the CPU', async ({ page }) => {
  await page.goto('/?device=auto&dataset=mnist');
  await expect(controls(page).device).toContainText('CPU', { timeout: 60_000 });
  await expect(page.getByText('software one')).toBeVisible();
});

test('WebGPU that was asked for and cannot run is an error with a way out', async () => {
  const plain = await chromium.launch(browser([]));
  const page = await plain.newPage({ baseURL: `http://localhost:${port}` });
  await page.goto('/?device=webgpu&dataset=mnist');
  const { alert, device } = controls(page);
  await expect(alert).toContainText('offers no graphics adapter');
  await alert.getByRole('button', { name: 'Go on with the CPU' }).click();
  await expect(device).toContainText('CPU', { timeout: 60_000 });
  await expect(alert).toHaveCount(0);
  await plain.close();
});
