import { moduleAddress } from './assets.js';
import { Connection, type EngineWorker, type Listener } from './connection.js';
import { PurgeError, closed, messageOf } from './errors.js';
import type { ModuleAddress } from './protocol.js';
import { cpuModules, type ModuleKind } from './simd.js';
import type { DeviceInfo, SessionOptions } from './types/index.js';

/** An engine in a worker of its own. */
export interface Opened {
  connection: Connection;
  device: DeviceInfo;
  /** Its module, and so that of its helpers: another one may round otherwise. */
  module: ModuleAddress;
}

/** Finds devices and opens engines on them. */
export class Opening {
  readonly #wanted: NonNullable<SessionOptions['device']>;
  readonly #assets: URL | undefined;
  readonly #makeWorker: () => EngineWorker;
  readonly #signal: AbortSignal;

  /**
   * @param assets The caller's own folder for the modules.
   * @param makeWorker Starts a worker that runs `serve`.
   * @param signal Ends every engine.
   */
  constructor(
    wanted: NonNullable<SessionOptions['device']>,
    assets: URL | undefined,
    makeWorker: () => EngineWorker,
    signal: AbortSignal,
  ) {
    this.#wanted = wanted;
    this.#assets = assets;
    this.#makeWorker = makeWorker;
    this.#signal = signal;
  }

  /** An engine on the device that is asked for, or the best one that can be had. */
  async open(listener: Listener): Promise<Opened> {
    if (this.#wanted === 'cpu') return this.openCpu(listener);
    const connection = this.#connect(listener);
    const gpu = await orClosed(connection, this.#openGpu(connection));
    return 'connection' in gpu ? gpu : this.openCpu(listener, gpu.reason, connection);
  }

  /**
   * An engine on the CPU.
   *
   * @param reason Why it is not WebGPU, where whoever opened the session has not ruled that out.
   * @param connection To a worker that has no engine yet; default: to a new one.
   */
  async openCpu(listener: Listener, reason?: string, connection?: Connection): Promise<Opened> {
    const alive = connection?.alive ? connection : this.#connect(listener);
    const { device, ...opened } = await orClosed(alive, this.#openOneOf(alive, cpuModules()));
    return { ...opened, device: { ...device, ...(reason !== undefined && { reason }) } };
  }

  /** An engine on the GPU, or why there is none. */
  async #openGpu(connection: Connection): Promise<Opened | { reason: string }> {
    const choice = await connection.call({ type: 'detect', software: this.#wanted === 'webgpu' });
    if (choice.kind === 'cpu') {
      if (this.#wanted === 'webgpu') throw new PurgeError('webgpu-unavailable', choice.reason);
      return { reason: choice.reason };
    }
    try {
      const { device, ...opened } = await this.#open(connection, 'webgpu');
      return { ...opened, device: { ...device, name: choice.name ?? device.name } };
    } catch (error) {
      if (this.#wanted === 'webgpu' || this.#signal.aborted) throw error;
      // What is left of the GPU engine must not disturb the other one.
      connection.close(closed());
      return { reason: `WebGPU did not start: ${messageOf(error)}` };
    }
  }

  async #openOneOf(connection: Connection, [first, second]: [ModuleKind, ModuleKind?]): Promise<Opened> {
    try {
      return await this.#open(connection, first);
    } catch (error) {
      // Who serves the files may have left out the module that not every browser loads.
      if (!second || !(error instanceof PurgeError) || error.code !== 'network') throw error;
      return this.#open(connection, second);
    }
  }

  async #open(connection: Connection, kind: ModuleKind): Promise<Opened> {
    const module = moduleAddress(kind, this.#assets);
    const device = await connection.call({
      type: 'open',
      kind: kind === 'webgpu' ? 'webgpu' : 'cpu',
      address: module,
    });
    return { connection, device, module };
  }

  #connect(listener: Listener): Connection {
    let worker: EngineWorker;
    try {
      worker = this.#makeWorker();
    } catch (error) {
      throw new PurgeError('internal', `The worker could not be started (${messageOf(error)}).`, { cause: error });
    }
    const connection = new Connection(worker, listener);
    if (this.#signal.aborted) connection.close(closed());
    this.#signal.addEventListener('abort', () => connection.close(closed()), { once: true });
    return connection;
  }
}

/** Ends the worker where nothing has come of it. */
async function orClosed<T>(connection: Connection, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    connection.close(closed());
    throw error;
  }
}
