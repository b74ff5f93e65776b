import type { Connection } from './connection.js';
import type { EngineQueue } from './engine-queue.js';
import { PurgeError, messageOf } from './errors.js';
import type { Opened } from './opening.js';
import { PART, quicker, slowWords } from './trial.js';
import type { DeviceInfo } from './types/index.js';

type Size = { height: number; width: number };

/**
 * What the session's `warmUp` does.
 *
 * @param choose Whether the CPU may take the GPU's place.
 * @param signal Gives it up.
 */
export async function warmUp(
  queue: EngineQueue,
  choose: boolean,
  signal: AbortSignal,
): Promise<DeviceInfo | undefined> {
  if (signal.aborted) return undefined;
  const connection = await queue.readyWithNetwork();
  const { model, dataset, misfit, running } = queue.holdings.state;
  if (queue.device.kind === 'cpu') return queue.device;
  if (running) return undefined;
  if (!model || !dataset) throw new PurgeError('bad-state', 'load a network and a dataset first');
  if (misfit) throw new PurgeError('bad-model', misfit.message);
  if (choose && !queue.hasChosen) return decide(queue, connection, dataset, signal);
  const took = await rehearse(connection, dataset, PART, signal);
  return took === undefined ? undefined : queue.device;
}

/** Lets GPU and CPU show how quick they are, and goes on with the quicker one. */
async function decide(
  queue: EngineQueue,
  connection: Connection,
  size: Size,
  signal: AbortSignal,
): Promise<DeviceInfo | undefined> {
  let beside: Opened | undefined;
  const gpu = (batch: number) => rehearse(connection, size, batch, signal);
  const cpu = async (batch: number) => {
    try {
      beside = await unlessAborted(queue.openBeside(signal), signal, queue.closeBeside);
      return beside && (await rehearse(beside.connection, size, batch, signal));
    } catch {
      // A CPU that cannot be had is no choice.
      return signal.aborted ? undefined : Infinity;
    }
  };
  try {
    const verdict = await quicker(gpu, cpu, queue.workers);
    if (!verdict) return undefined;
    const { kind, pace } = verdict;
    const moved = kind === 'cpu' && beside && (await queue.goOnWith(beside, { reason: slowWords(pace), pace }));
    if (!moved) return queue.stay(pace);
    beside = undefined;
    return queue.device;
  } catch (error) {
    if (connection.alive || queue.isClosed) throw error;
    // The run would end the same way.
    queue.ruleOutGpu({ reason: `The GPU stopped in a trial step: ${messageOf(error)}` });
    await queue.ready();
    return queue.device;
  } finally {
    if (beside) queue.closeBeside(beside);
  }
}

async function rehearse(
  on: Connection,
  { height, width }: Size,
  batch: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (signal.aborted) return undefined;
  const giveUp = () => on.giveUp();
  signal.addEventListener('abort', giveUp);
  try {
    return await on.call({ type: 'rehearse', batch, height, width });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/**
 * What a promise gives, or nothing as soon as `signal` aborts.
 *
 * @param letGo Takes what comes later.
 */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, letGo: (late: T) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
    promise
      .then((value) => {
        if (signal.aborted) letGo(value);
        else resolve(value);
      }, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
