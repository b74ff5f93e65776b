import type { EngineWorker } from './connection.js';

/**
 * Starts a worker that runs the engine.
 *
 * @param module Where this module is.
 */
export function startWorker(module: string = import.meta.url): EngineWorker {
  if (typeof Worker === 'undefined') throw new Error('there are no web workers here');
  const here = new URL(module);
  if (isElsewhere(here)) return startThroughBlob(new URL('worker.js', here).href);
  // Written out like this, bundlers find the worker and emit it as a file.
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'purge' });
}

/**
 * Whether a page may not start workers from where a module is, such as from a CDN. Bundlers may put a file address in place
 * of a module's own; they serve the worker beside the page.
 */
export function isElsewhere(module: URL, page: string = globalThis.location.origin): boolean {
  return /^https?:$/.test(module.protocol) && module.origin !== page;
}

/**
 * Starts a module worker of another origin: browsers refuse its address, but not one of the page's own that imports it.
 * The import is static, so no message is delivered before the module listens.
 */
export function startThroughBlob(address: string): EngineWorker {
  const blob = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
  const own = URL.createObjectURL(blob);
  const worker = new Worker(own, { type: 'module', name: 'purge' });
  // Browsers fetch the address only after the constructor, and it is no longer needed once the worker shows any sign.
  const revoke = () => URL.revokeObjectURL(own);
  worker.addEventListener('message', revoke, { once: true });
  worker.addEventListener('error', revoke, { once: true });
  return {
    postMessage: worker.postMessage.bind(worker),
    addEventListener: worker.addEventListener.bind(worker),
    terminate() {
      revoke();
      worker.terminate();
    },
  };
}
