import { moduleAddress } from './assets.js';
import { Connection, type EngineWorker } from './connection.js';
import type { Report } from './download.js';
import { PurgeError, messageOf } from './errors.js';
import type { NamedFile, RunSummary } from './protocol.js';
import { read, readDataset } from './sources.js';
import type {
  DatasetInfo,
  DatasetSource,
  DeviceInfo,
  DeviceKind,
  EvaluateOptions,
  Evaluation,
  LoadProgress,
  ModelInfo,
  ResolvedConfig,
  Samples,
  Session,
  SessionOptions,
  Source,
  StopReason,
  UnlearnConfig,
  UnlearnEvent,
  UnlearnOptions,
} from './types.js';

/** What was loaded last is kept, so that a new worker can be brought to the same point. */
interface LoadedModel {
  info: ModelInfo;
  file: NamedFile;
}

interface LoadedDataset {
  info: DatasetInfo;
  kind: DatasetSource['kind'];
  files: NamedFile[];
}

type RunConfig = UnlearnConfig & { nonMembers?: 'test' | 'val' };

/**
 * Opens a session.
 *
 * @param makeWorker Starts a worker that runs `serve`; called again when one has died.
 */
export async function openSession(options: SessionOptions, makeWorker: () => EngineWorker): Promise<Session> {
  const session = new EngineSession(options, makeWorker);
  await session.open();
  return session;
}

class EngineSession implements Session {
  readonly #options: SessionOptions;
  readonly #makeWorker: () => EngineWorker;
  readonly #life = new AbortController();
  #connection: Connection | undefined;
  #device: DeviceInfo | undefined;
  #model: LoadedModel | undefined;
  #dataset: LoadedDataset | undefined;
  /** The run that the engine has under way. */
  #run: symbol | undefined;
  /** The end of the queue of calls: the engine takes one at a time. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: SessionOptions, makeWorker: () => EngineWorker) {
    this.#options = options;
    this.#makeWorker = makeWorker;
    const { signal } = options;
    if (signal?.aborted) this.close();
    signal?.addEventListener('abort', () => this.close(), { once: true, signal: this.#life.signal });
  }

  async open(): Promise<void> {
    try {
      await this.#enqueue(async () => {});
    } catch (error) {
      this.close();
      throw this.#options.signal?.aborted ? new PurgeError('cancelled', 'Opening the session was cancelled.') : error;
    }
  }

  get device(): DeviceInfo {
    if (!this.#device) throw new PurgeError('bad-state', 'The session is not open yet.');
    return this.#device;
  }

  get model(): ModelInfo | undefined {
    return this.#model?.info;
  }

  get dataset(): DatasetInfo | undefined {
    return this.#dataset?.info;
  }

  loadModel(source: Source): Promise<ModelInfo> {
    const reading = started(read(source, 'model', this.#report('model'), this.#life.signal));
    return this.#enqueue(async (connection) => {
      const file = await reading;
      await this.#endRun(connection);
      const info = await connection.call({ type: 'load-model', file });
      this.#model = { info, file };
      return info;
    });
  }

  loadDataset(source: DatasetSource): Promise<DatasetInfo> {
    const { kind } = source;
    const reading = started(readDataset(source, this.#report('dataset'), this.#life.signal));
    return this.#enqueue(async (connection) => {
      const files = await reading;
      await this.#endRun(connection);
      const info = await connection.call({ type: 'load-dataset', kind, files });
      this.#dataset = { kind, info, files };
      return info;
    });
  }

  samples(options: { class: number; count: number; split?: 'train' | 'test' }): Promise<Samples> {
    return this.#enqueue((connection) =>
      connection.call({ type: 'samples', split: options.split ?? 'train', class: options.class, count: options.count }),
    );
  }

  resolveConfig(config: UnlearnConfig): Promise<ResolvedConfig> {
    return this.#enqueue((connection) => connection.call({ type: 'resolve-config', config: { ...config } }));
  }

  evaluate({ model, ...options }: EvaluateOptions): Promise<Evaluation> {
    if (model === undefined) return this.#enqueue((connection) => connection.call({ type: 'evaluate', options }));
    const reading = started(read(model, 'model', this.#report('model'), this.#life.signal));
    return this.#enqueue(async (connection) => connection.call({ type: 'evaluate', options, model: await reading }));
  }

  async *unlearn(
    { nonMembers, ...config }: RunConfig,
    { signal, stepsPerEvent = 1 }: UnlearnOptions = {},
  ): AsyncGenerator<UnlearnEvent, void, void> {
    if (!Number.isInteger(stepsPerEvent) || stepsPerEvent < 1) {
      throw new PurgeError('bad-config', `stepsPerEvent: expected a whole number from 1 on, found ${stepsPerEvent}`);
    }
    const run = Symbol('run');
    let stop: StopReason | undefined;
    let begun = false;
    try {
      if (!signal?.aborted) {
        await this.#enqueue(async (connection) => {
          await this.#endRun(connection);
          await connection.call({ type: 'start', config });
          this.#run = run;
        });
        begun = true;
      }
      while (!stop && !signal?.aborted) {
        const { stop: reason, ...progress } = await this.#enqueue((connection) => {
          this.#mustBeCurrent(run);
          return connection.call({ type: 'advance', steps: stepsPerEvent });
        });
        yield { ...progress, type: 'progress' };
        stop = reason;
      }
      const done = await this.#enqueue(async (connection) => {
        let summary: RunSummary = { stop: 'cancelled', steps: 0, violations: 0, seconds: 0 };
        if (begun) {
          this.#mustBeCurrent(run);
          this.#run = undefined;
          summary = await connection.call({ type: 'finish', ...(!stop && { stop: 'cancelled' }) });
        }
        const options = { forgetClass: config.forgetClass, ...(nonMembers && { nonMembers }) };
        return { ...summary, evaluation: await connection.call({ type: 'evaluate', options }) };
      });
      yield { type: 'done', ...done };
    } catch (error) {
      // The first failure is the one to tell of.
      await this.#abandon(run).catch(() => undefined);
      throw error;
    } finally {
      await this.#abandon(run);
    }
  }

  exportModel(): Promise<Uint8Array> {
    return this.#enqueue((connection) => connection.call({ type: 'export' }));
  }

  reset(): Promise<void> {
    return this.#enqueue(async (connection) => {
      await this.#endRun(connection);
      await connection.call({ type: 'reset' });
    });
  }

  close(): void {
    this.#life.abort();
    this.#connection?.close(closed());
  }

  /** Runs `task` when all earlier calls have ended, whether well or not, with a worker that is ready for it. */
  #enqueue<T>(task: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#life.signal.aborted && this.#connection) {
      return Promise.reject(new PurgeError('bad-state', 'The session is closed.'));
    }
    const result = this.#tail.then(async () => task(await this.#ready()));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #ready(): Promise<Connection> {
    if (this.#life.signal.aborted) throw closed();
    if (this.#connection?.alive) return this.#connection;
    this.#run = undefined;
    try {
      return await this.#restore(await this.#start());
    } catch (error) {
      this.#connection?.close(closed());
      throw error;
    }
  }

  /** Finds the device and opens an engine on it, in a new worker. */
  async #start(): Promise<Connection> {
    const { device: wanted = 'auto' } = this.#options;
    let connection = this.#connect();
    let reason: string | undefined;
    if (wanted !== 'cpu') {
      const choice = await connection.call({ type: 'detect', software: wanted === 'webgpu' });
      if (choice.kind === 'webgpu') {
        try {
          const device = await this.#openEngine(connection, 'webgpu');
          this.#device = { ...device, name: choice.name ?? device.name };
          return connection;
        } catch (error) {
          if (wanted === 'webgpu' || this.#life.signal.aborted) throw error;
          reason = `WebGPU did not start: ${messageOf(error)}`;
          // What is left of the GPU engine must not disturb the other one.
          connection.close(closed());
          connection = this.#connect();
        }
      } else if (wanted === 'webgpu') {
        throw new PurgeError('webgpu-unavailable', choice.reason);
      } else {
        reason = choice.reason;
      }
    }
    const device = await this.#openEngine(connection, 'cpu');
    this.#device = { ...device, ...(reason !== undefined && { reason }) };
    return connection;
  }

  #connect(): Connection {
    this.#connection = new Connection(this.#makeWorker(), (progress) => this.#options.onProgress?.(progress));
    return this.#connection;
  }

  #openEngine(connection: Connection, kind: DeviceKind): Promise<DeviceInfo> {
    return connection.call({ type: 'open', kind, address: moduleAddress(kind, this.#options.assets) });
  }

  /** Loads network and data again. What cannot be loaded again is let go, or no later call could ever succeed. */
  async #restore(connection: Connection): Promise<Connection> {
    if (this.#model) {
      await connection.call({ type: 'load-model', file: this.#model.file }).catch((error: unknown) => {
        this.#model = undefined;
        throw error;
      });
    }
    if (this.#dataset) {
      const { kind, files } = this.#dataset;
      await connection.call({ type: 'load-dataset', kind, files }).catch((error: unknown) => {
        this.#dataset = undefined;
        throw error;
      });
    }
    return connection;
  }

  /** Ends whatever run is under way; the weights stay as they are. */
  async #endRun(connection: Connection): Promise<void> {
    if (!this.#run) return;
    this.#run = undefined;
    await connection.call({ type: 'finish', stop: 'cancelled' });
  }

  async #abandon(run: symbol): Promise<void> {
    if (this.#run !== run || !this.#connection?.alive) return;
    await this.#enqueue(async (connection) => {
      if (this.#run === run) await this.#endRun(connection);
    });
  }

  #mustBeCurrent(run: symbol): void {
    if (this.#run !== run) {
      throw new PurgeError(
        'bad-state',
        'This run is over: a later call (another run, a load, a reset) or a failure ended it.',
      );
    }
  }

  #report(what: LoadProgress['what']): Report {
    return (loaded, total) => this.#options.onProgress?.({ what, loaded, ...(total !== undefined && { total }) });
  }
}

function closed(): PurgeError {
  return new PurgeError('cancelled', 'The session was closed.');
}

/** Lets a promise fail before anyone awaits it; whoever does still gets the failure. */
function started<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
