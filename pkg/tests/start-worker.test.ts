import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isElsewhere, startThroughBlob, startWorker } from '../src/start-worker.js';

class PageWorker extends EventTarget {
  static made: PageWorker[] = [];
  terminated = false;
  readonly posted: unknown[] = [];
  constructor(
    readonly address: string | URL,
    readonly options: WorkerOptions,
  ) {
    super();
    PageWorker.made.push(this);
  }
  postMessage(message: unknown) {
    this.posted.push(message);
  }
  terminate() {
    this.terminated = true;
  }
}

const blobs = new Map<string, Blob>();

beforeEach(() => {
  PageWorker.made = [];
  blobs.clear();
  vi.stubGlobal('Worker', PageWorker);
  vi.stubGlobal('location', { origin: 'https://page.example' });
  vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
    const address = `blob:https://page.example/${blobs.size}`;
    blobs.set(address, blob as Blob);
    return address;
  });
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((address) => void blobs.delete(address));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test.each([
  ['https://page.example/lib/index.js', false],
  ['https://cdn.example/lib/index.js', true],
  ['http://page.example/lib/index.js', true],
  ['https://page.example:8443/lib/index.js', true],
  // What webpack puts in place of a module's address, and the packages of a browser's extension.
  ['file:///home/me/node_modules/purge-unlearning/lib/index.js', false],
  ['chrome-extension://abcdef/lib/index.js', false],
])('%s is elsewhere: %s', (module, elsewhere) => {
  expect(isElsewhere(new URL(module), 'https://page.example')).toBe(elsewhere);
});

test('a worker of the page’s own origin is started by its address', () => {
  startWorker();
  expect(PageWorker.made).toMatchObject([{ options: { type: 'module', name: 'purge' } }]);
  expect(String(PageWorker.made[0]?.address)).toMatch(/\/src\/worker\.js$/);
  expect(blobs.size).toBe(0);
});

test('one of another origin is imported by a module of the page’s own', async () => {
  startWorker('https://cdn.example/lib/start-worker.js');
  expect(PageWorker.made).toMatchObject([
    { address: 'blob:https://page.example/0', options: { type: 'module', name: 'purge' } },
  ]);
  const blob = blobs.get('blob:https://page.example/0');
  expect(blob?.type).toBe('text/javascript');
  expect(await blob?.text()).toBe('import "https://cdn.example/lib/worker.js";');
});

test.each([
  ['its first message', () => PageWorker.made[0]?.dispatchEvent(new MessageEvent('message', { data: 1 }))],
  ['its failure', () => PageWorker.made[0]?.dispatchEvent(new Event('error'))],
  ['its end', (worker: ReturnType<typeof startThroughBlob>) => worker.terminate()],
])('the address lives until %s', (_, happen) => {
  const worker = startThroughBlob('https://cdn.example/lib/worker.js');
  const heard = vi.fn();
  worker.addEventListener('message', heard);
  worker.postMessage({ id: 1 });
  expect(PageWorker.made[0]?.posted).toEqual([{ id: 1 }]);
  expect(blobs.size).toBe(1);
  happen(worker);
  expect(blobs.size).toBe(0);
  worker.terminate();
  expect(PageWorker.made[0]?.terminated).toBe(true);
});

test('where there are no workers it says so', () => {
  vi.stubGlobal('Worker', undefined);
  expect(() => startWorker()).toThrow('there are no web workers here');
});
