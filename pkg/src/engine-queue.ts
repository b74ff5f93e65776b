import type { Connection, Listener } from './connection.js';
import { PurgeError, closed } from './errors.js';
import type { Helpers } from './helpers.js';
import { Holdings } from './holdings.js';
import type { Opened, Opening } from './opening.js';
import type { Command, Results } from './protocol.js';
import type { DeviceInfo, LoadProgress, Pace } from './types/index.js';

/** Why it is the CPU and not the GPU. */
type Ruling = Required<Pick<DeviceInfo, 'reason'>> & Pick<DeviceInfo, 'pace'>;

/** The calls of one session, one after the other, to an engine that is replaced when it has died. */
export class EngineQueue {
  readonly holdings = new Holdings();
  readonly #opening: Opening;
  readonly #helpers: Helpers | undefined;
  readonly #tell: (progress: LoadProgress) => void;
  readonly #signal: AbortSignal;
  /** The end of the queue: the engine takes one call at a time. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Ends when something else is asked for. */
  #idle: AbortController | undefined;
  #opened: Opened | undefined;
  #device: DeviceInfo | undefined;
  /** What a trial has shown, for the engines to come. */
  #choice: { kind: 'webgpu'; pace: Pace } | ({ kind: 'cpu' } & Ruling) | undefined;

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
    this.#idle?.abort();
    const result = this.#tail.then(() => {
      if (this.#signal.aborted) throw closed();
      return task();
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** The same for what shall hold nothing up: its signal aborts as soon as something else is asked for, or `signal` does. */
  addIdle<T>(task: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const idle = new AbortController();
    const abort = () => idle.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    const result = this.add(() => task(idle.signal)).finally(() => signal?.removeEventListener('abort', abort));
    this.#idle = idle;
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
    const listener = this.#listener();
    const choice = this.#choice;
    const opened = await (choice?.kind === 'cpu'
      ? this.#opening.openCpu(listener, choice.reason)
      : this.#opening.open(listener));
    this.#take(opened);
    try {
      await this.holdings.bringBack(opened.connection);
    } catch (error) {
      opened.connection.close(closed());
      throw error;
    }
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

  /** Whether GPU and CPU were compared. */
  get hasChosen(): boolean {
    return this.#choice !== undefined;
  }

  /** How many workers compute where it is the CPU. */
  get workers(): number {
    return this.#helpers?.workers ?? 1;
  }

  /**
   * An engine on the CPU beside the one there is, with the network that was loaded, and with all helpers.
   *
   * @param signal Nobody waits for it any more.
   */
  async openBeside(signal: AbortSignal): Promise<Opened> {
    const opened = await this.#opening.openCpu(this.#listener());
    const { model } = this.holdings;
    try {
      // By now there may be another one beside, whose helpers must stay.
      if (signal.aborted) throw closed();
      if (model) await opened.connection.call({ type: 'load-model', model });
      await this.#helpers?.join(opened.connection, opened.module);
      await this.#helpers?.ready();
    } catch (error) {
      this.closeBeside(opened);
      throw error;
    }
    return opened;
  }

  readonly closeBeside = ({ connection }: Opened): void => {
    connection.close(closed());
    this.#helpers?.endOf(connection);
  };

  /** Goes on with the GPU. */
  stay(pace: Pace): DeviceInfo {
    this.#choice = { kind: 'webgpu', pace };
    this.#device = { ...this.device, pace };
    return this.#device;
  }

  /**
   * Goes on with the engine beside, once that has all that this one has.
   *
   * @returns False where it cannot take it, such as for want of memory: then all is as it was.
   */
  async goOnWith(beside: Opened, ruling: Ruling): Promise<boolean> {
    const before = this.connection;
    try {
      await this.holdings.bringTo(beside.connection);
    } catch (error) {
      if (this.isClosed) throw error;
      return false;
    }
    this.ruleOutGpu(ruling);
    this.#take({ ...beside, device: { ...beside.device, reason: ruling.reason } });
    before?.close(closed());
    return true;
  }

  /** Engines to come are on the CPU. */
  ruleOutGpu(ruling: Ruling): void {
    this.#choice = { kind: 'cpu', ...ruling };
  }

  #listener(): Listener {
    return { onProgress: this.#tell, onDeath: (error) => this.holdings.engineDied(error) };
  }

  #take(opened: Opened): void {
    const { device } = opened;
    const workers = device.kind === 'cpu' ? this.#helpers?.workers : undefined;
    const pace = this.#choice?.kind === device.kind ? this.#choice.pace : undefined;
    this.#opened = opened;
    this.#device = { ...device, ...(workers && { workers }), ...(pace && { pace }) };
  }
}
