import { openSession } from './session.js';
import { startWorker } from './start-worker.js';
import type { Session, SessionOptions } from './types/index.js';

export { PurgeError } from './errors.js';
export { attacks } from './attacks.js';
export { certificateScalars, methods, settingGroups, settings } from './settings.js';
export type * from './attacks.js';
export type * from './settings.js';
export type * from './types/index.js';

/**
 * Starts an engine in a worker of its own, on the best device there is.
 *
 * ```ts
 * const session = await createSession();
 * await session.load('mnist');
 * for await (const event of session.unlearn({ forgetClass: 3 })) console.log(event);
 * ```
 *
 * @throws PurgeError `bad-config` for an option that is not what it should be, `webgpu-unavailable` if WebGPU was asked for
 *   and cannot run here, `network` if the engine cannot be downloaded, `cancelled` on `signal`.
 */
export function createSession(options: SessionOptions = {}): Promise<Session> {
  return openSession(options, startEngineWorker, startEngineWorker);
}

function startEngineWorker() {
  return startWorker();
}
