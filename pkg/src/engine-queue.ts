import type { Connection } from './connection.js';
import { PurgeError, closed } from './errors.js';
import type { Helpers } from './helpers.js';
import { Holdings } from './holdings.js';
import type { Opened, Opening } from './opening.js';
import type { Command, Results } from './protocol.js';
import type { DeviceInfo, LoadProgress } from './types.js';

/** The calls of one session, one after the other, to an engine that is replaced when it has died. */
export class EngineQueue {
  readonly holdings = new Holdings();
  readonly #opening: Opening;
  readonly #helpers: Helpers | undefined;
  readonly #tell: (progress: LoadProgress) => void;
  readonly #signal: AbortSignal;
  /** The end of the queue: the engine takes one call at a time. */
  #tail: Promise<unknown> = Promise.resolve();
  #opened: Opened | undefined;
  #device: DeviceInfo | undefined;

  /**
   * @param tell Hears of the engine's download.
   * @param signal Closes the queue.
   */
  constructor(
    opening: Opening,
    helpers: Helpers | undefined,
    tell: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ) {
    this.#opening = opening;
    this.#helpers = helpers;
    this.#tell = tell;
    this.#signal = signal;
  }

  /** Where the engine computes, or the last one did. */
  get device(): DeviceInfo {
    if (!this.#device) throw new PurgeError('bad-state', 'The session is not open yet.');
    return this.#device;
  }

  /** The engine of now, be it alive or not. */
  get connection(): Connection | undefined {
    return this.#opened?.connection;
  }

  get isClosed(): boolean {
    return this.#signal.aborted;
  }

  /** Runs `task` when all earlier calls have ended, whether well or not. */
  add<T>(task: () => Promise<T>): Promise<T> {
    if (this.#signal.aborted) return Promise.reject(new PurgeError('bad-state', 'The session is closed.'));
    const result = this.#tail.then(() => {
      if (this.#signal.aborted) throw closed();
      return task();
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async ask<C extends Command>(connection: Connection, command: C): Promise<Results[C['type']]> {
    try {
      return await connection.call(command);
    } finally {
      this.holdings.state = connection.state;
    }
  }

  /** A connection to an engine that has all that it should. */
  async ready(): Promise<Connection> {
    if (this.#signal.aborted) throw closed();
    if (this.connection?.alive) return this.connection;
    const opened = await this.#opening.open({
      onProgress: this.#tell,
      onDeath: (error) => this.holdings.engineDied(error),
    });
    await this.#take(opened);
    return opened.connection;
  }

  /** The same for calls that need the network, which a crash may have taken. */
  async readyWithNetwork(): Promise<Connection> {
    this.holdings.checkNotLost();
    const connection = await this.ready();
    this.holdings.checkNotLost();
    return connection;
  }

  /** Lets helpers do a part of a run, where the engine is on the CPU. */
  async letHelp(connection: Connection): Promise<void> {
    if (this.device.kind === 'cpu' && this.#opened) await this.#helpers?.join(connection, this.#opened.module);
  }

  /** Goes on with a new engine. */
  async #take(opened: Opened): Promise<void> {
    const { connection, device } = opened;
    const workers = device.kind === 'cpu' ? this.#helpers?.workers : undefined;
    this.#opened = opened;
    this.#device = { ...device, ...(workers && { workers }) };
    try {
      await this.holdings.bringBack(connection);
    } catch (error) {
      connection.close(closed());
      throw error;
    }
  }
}
