import { expect, test } from '@playwright/test';
import { openPackagePage } from './package-page';

/** A module whose only function, `trap`, is `unreachable`, as a Rust panic ends. */
const wasm = Buffer.from('0061736d0100000001040160000003020100070801047472617000000a05010300000b', 'hex');

/** An engine that can only evaluate, and stops in the way that the class to forget says. */
const script = `
  let trap;
  const ways = {
    1: () => trap(),
    2: () => queueMicrotask(trap),
    3: () => void Promise.resolve().then(trap),
    4: () => { throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded'); },
  };
  export default async ({ module_or_path }) => {
    ({ trap } = (await WebAssembly.instantiateStreaming(module_or_path)).instance.exports);
  };
  export class Engine {
    static async create() { return new Engine(); }
    model = 'none';
    state() {
      const model = this.model === 'none' ? undefined : { name: this.model, classes: 10, classNames: [] };
      return { model, changed: false, running: false };
    }
    device() { return { kind: 'cpu', name: 'made to stop' }; }
    loadModel(name, bytes) { this.model = name + ' ' + bytes.length; return this.state(); }
    evaluate({ forgetClass }) {
      if (!(forgetClass in ways)) return { forgetClass, model: this.model };
      if (forgetClass < 4) console.error('panicked at src/a.rs:1:2:\\nout of luck\\n\\nStack:\\n\\nError');
      return new Promise((_, reject) => { try { ways[forgetClass](); } catch (e) { reject(e); } });
    }
  }`;

const stops = [
  { how: 'in the call', way: 1, code: 'internal', message: 'The engine stopped: out of luck (src/a.rs:1:2)' },
  { how: 'in a microtask', way: 2, code: 'internal', message: 'The engine stopped: out of luck (src/a.rs:1:2)' },
  { how: 'in a promise', way: 3, code: 'internal', message: 'The engine stopped: out of luck (src/a.rs:1:2)' },
  {
    how: 'without memory',
    way: 4,
    code: 'out-of-memory',
    message: 'The engine ran out of memory (WebAssembly.Memory.grow(): Maximum memory size exceeded).',
  },
];

for (const { how, way, code, message } of stops) {
  test(`an engine that stops ${how} is told of, and replaced`, async ({ page }) => {
    await page.route('**/made-to-stop/cpu/*.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: script }),
    );
    await page.route('**/made-to-stop/cpu/*.wasm', (route) =>
      route.fulfill({ contentType: 'application/wasm', body: wasm }),
    );
    await openPackagePage(page);
    const result = await page.evaluate(async (forgetClass) => {
      const session = await createSession({ device: 'cpu', assets: '/made-to-stop' });
      await session.loadModel(new File(['12345'], 'kept.safetensors'));
      const error: unknown = await session.evaluate({ forgetClass }).catch((thrown: unknown) => thrown);
      if (!(error instanceof PurgeError)) throw new Error(`expected a PurgeError, found ${String(error)}`);
      return { code: error.code, message: error.message, next: await session.evaluate({ forgetClass: 0 }) };
    }, way);
    expect(result).toEqual({ code, message, next: { forgetClass: 0, model: 'kept.safetensors 5' } });
  });
}

test('an engine that is not where it should be', async ({ page }) => {
  await openPackagePage(page);
  const message = await page.evaluate(() =>
    createSession({ device: 'cpu', assets: 'nowhere' }).then(
      () => 'opened',
      (error: unknown) => (error instanceof PurgeError ? `${error.code} ${error.message}` : String(error)),
    ),
  );
  expect(message).toMatch(/^network http:\/\/localhost:\d+\/tests\/nowhere\/cpu\/purge_unlearning/);
});
