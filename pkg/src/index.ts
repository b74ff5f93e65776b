import { openSession } from './session.js';
import type { Session, SessionOptions } from './types.js';

export { PurgeError } from './errors.js';
export type * from './types.js';

/**
 * Starts an engine in a worker of its own, on the best device there is.
 *
 * ```ts
 * const session = await createSession({ device: 'auto' });
 * await session.loadModel('/models/mnist.safetensors');
 * await session.loadDataset({ kind: 'packed', file: '/data/mnist.purge' });
 * for await (const event of session.unlearn({ forgetClass: 3 })) console.log(event);
 * ```
 *
 * @throws PurgeError `webgpu-unavailable` if WebGPU was asked for and cannot run here, `network` if the engine cannot be
 *   downloaded, `cancelled` on `signal`.
 */
export function createSession(options: SessionOptions = {}): Promise<Session> {
  return openSession(
    options,
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'purge' }),
  );
}
