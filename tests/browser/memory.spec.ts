import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test, type CDPSession, type Page } from '@playwright/test';
import { controls } from './demo-page';
import { serveFew } from './packed';

/** How often the class is forgotten and the network reset. CYCLES asks for more, and MEMORY for a file with what they took. */
const cycles = Number(process.env['CYCLES'] ?? 12);
/** Until then buffers have grown to what they need, which in rare cases takes many runs, and code is compiled. */
const warmUp = cycles >> 1;
/** From then on all that is taken may grow by no more than `most`. */
const start = Math.min(10, warmUp);
const most = 5e6;
/** How often to look in between, which takes time. */
const looks = process.env['MEMORY'] ? Math.ceil(cycles / 10) : cycles;

// A trace would itself grow with every act.
test.use({ trace: 'off' });

/** What there is of a page, its workers included. */
interface Taken {
  cycle: number;
  /** Of each worker's module, bytes. */
  wasm: number[];
  /** Of the page's thread, bytes, once everything that nobody holds is gone. */
  heap: number;
  /** Of the tab's process, bytes; only on Linux. */
  process?: number;
  objects: Record<string, number>;
}

/** Of these there shall not be more after many cycles than after a few. */
const counted = ['Blob', 'MessagePort', 'Worker', 'AbortController', 'HTMLElement', 'Promise'];

/** Elements of a section that is just being drawn anew; a cycle that left one behind would come to more. */
const passing = 400;

/** Runs in the page, before all else: lets each worker be asked for the size of its module's memory. */
function bringGauges() {
  const inWorker = () => {
    const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = async (...given) => {
      const loaded = await instantiateStreaming.apply(WebAssembly, given);
      (globalThis as { memory?: unknown }).memory = loaded.instance.exports['memory'];
      return loaded;
    };
  };
  globalThis.Worker = class extends Worker {
    constructor(address: string | URL, options?: WorkerOptions) {
      const imported = `import ${JSON.stringify(new URL(address, location.href).href)};`;
      super(URL.createObjectURL(new Blob([`(${inWorker})();`, imported], { type: 'text/javascript' })), options);
    }
  };
}

async function takenBy(page: Page, client: CDPSession, cycle: number): Promise<Taken> {
  const sizes = page
    .workers()
    .map((worker) =>
      worker.evaluate(() => (globalThis as { memory?: WebAssembly.Memory }).memory?.buffer.byteLength ?? 0),
    );
  const objects: Taken['objects'] = {};
  // What is but passing, such as a section that is being drawn anew, is not there each time.
  for (let times = 0; times < 3; times++) {
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
    for (const name of counted) objects[name] = Math.min(objects[name] ?? Infinity, await countOf(client, name));
  }
  const { usedSize } = await client.send('Runtime.getHeapUsage');
  const taken: Taken = { cycle, wasm: await Promise.all(sizes), heap: usedSize, objects };
  const size = await processSize(page);
  return { ...taken, ...(size && { process: size }) };
}

/** Objects that somebody holds: the browser collects the others first. */
async function countOf(client: CDPSession, name: string): Promise<number> {
  const { result } = await client.send('Runtime.evaluate', { expression: `${name}.prototype`, objectGroup: 'counted' });
  const { objects } = await client.send('Runtime.queryObjects', {
    prototypeObjectId: result.objectId ?? '',
    objectGroup: 'counted',
  });
  const length = await client.send('Runtime.callFunctionOn', {
    objectId: objects.objectId ?? '',
    functionDeclaration: 'function () { return this.length; }',
    returnByValue: true,
  });
  await client.send('Runtime.releaseObjectGroup', { objectGroup: 'counted' });
  return length.result.value as number;
}

/** The sum over the processes of all tabs: there is one. */
async function processSize(page: Page): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const browser = await page.context().browser()?.newBrowserCDPSession();
  if (!browser) return undefined;
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  await browser.detach();
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentOf(id));
  return Math.max(...sizes);
}

function residentOf(id: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

for (const workers of [1, 2]) {
  test(`runs and resets leave nothing behind: ${workers} worker${workers > 1 ? 's' : ''}`, async ({ page }) => {
    test.setTimeout(300_000 + cycles * 30_000);
    await serveFew(page, { train: 8, rest: 4 });
    await page.addInitScript(bringGauges);
    const settings = 'batchSize=8&learningRate=0.02&targetForgetAccuracy=80&checkEvery=2';
    await page.goto(`/?device=cpu&dataset=mnist&workers=${workers}&${settings}`);
    const client = await page.context().newCDPSession(page);
    const { forget, reset, after, before, status } = controls(page);
    await expect(before).toBeVisible({ timeout: 60_000 });

    const samples: Taken[] = [];
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await forget.click();
      await expect(after).toBeVisible({ timeout: 60_000 });
      await reset.click();
      await expect(status).toContainText('Ready', { timeout: 60_000 });
      if (cycle === start || cycle === warmUp || cycle % looks === 0 || cycle === cycles) {
        samples.push(await takenBy(page, client, cycle));
      }
    }
    const [first, last] = [samples.find(({ cycle }) => cycle >= warmUp)!, samples.at(-1)!];
    if (process.env['MEMORY']) writeFileSync(`${process.env['MEMORY']}.${workers}`, JSON.stringify(samples));
    expect(last.wasm).toHaveLength(workers);
    expect(Math.min(...last.wasm), 'the memory of a module').toBeGreaterThan(1e6);
    expect(last.wasm[0], 'the memory of the engine’s module').toEqual(first.wasm[0]);
    // Which part of the work is a helper's largest so far is chance.
    const ofHelpers = ({ wasm }: Taken) => wasm.slice(1).reduce((sum, bytes) => sum + bytes, 0);
    expect((ofHelpers(last) - ofHelpers(first)) / 1e6, 'the memory of the helpers, MB').toBeLessThan(2.5);
    for (const name of counted) {
      const more = (last.objects[name] ?? 0) - (first.objects[name] ?? 0);
      expect(more, `${name} objects more`).toBeLessThanOrEqual(name === 'HTMLElement' ? passing : 0);
    }
    expect((last.heap - first.heap) / 1e6, 'the page’s own memory, MB').toBeLessThan(2);
    const [total, totalAtStart] = [last, samples.find(({ cycle }) => cycle >= start)!].map(({ wasm, heap }) =>
      wasm.reduce((sum, bytes) => sum + bytes, heap),
    );
    expect(total! - totalAtStart!, 'all that is taken, bytes').toBeLessThan(most);
  });
}
