import { expect, test, type Page } from '@playwright/test';
import type { DoneEvent, UnlearnEvent } from 'purge-unlearning';
import { listenTo } from './problems';
import { port } from './setting';

/** Opens a page that logs the events of a run, and waits for the last one. */
async function runOf(page: Page, address: string): Promise<{ steps: number; done: DoneEvent }> {
  const heard = listenTo(page);
  let logged = 0;
  const done = new Promise<DoneEvent>((resolve, reject) => {
    page.on('console', (message) => {
      const [first] = message.args();
      if (message.type() === 'error' || !first) return reject(new Error(message.text()));
      logged += 1;
      first.jsonValue().then((event: UnlearnEvent) => event.type === 'done' && resolve(event), reject);
    });
    page.on('pageerror', reject);
  });
  await page.goto(address);
  const event = await done;
  expect(heard.problems).toEqual([]);
  return { steps: logged - 1, done: event };
}

test('three lines in a script tag forget a digit', async ({ page }) => {
  const { steps, done } = await runOf(page, '/tests/script-tag.html');
  expect(steps).toBe(done.steps);
  expect(['forget_target', 'epoch_limit']).toContain(done.stop);
  expect(done.evaluation.fa).toBeLessThan(50);
  expect(done.evaluation.ra).toBeGreaterThan(90);
});

test('so they do on a page of another origin than the package’s', async ({ page, baseURL }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const { done } = await runOf(page, '/tests/elsewhere.html');
  expect(done).toMatchObject({ stop: 'cancelled', steps: 3, networkStep: 3 });
  expect((done as DoneEvent & { before: number }).before).toBeGreaterThan(95);
  // Nothing but the page itself comes from where the page is.
  const ofPage = asked.filter((url) => baseURL && url.startsWith(baseURL));
  expect(ofPage).toEqual([`${baseURL}/tests/elsewhere.html`]);
  expect(asked).toContain(`http://localhost:${port + 1}/pkg/assets/data/mnist.purge`);
});
