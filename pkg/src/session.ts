import {
  assetFolder,
  dataAddress,
  dataFile,
  moduleAddress,
  networkAddress,
  networkFile,
  retrainedAddress,
  type Shipped,
} from './assets.js';
import { badOption, checkFlag, checkSignal, checkWhole, checkWord, checkedOptions, oneOf, plain } from './checks.js';
import { Connection, type EngineWorker } from './connection.js';
import type { Report } from './download.js';
import type { State } from './engine.js';
import { PurgeError, messageOf } from './errors.js';
import { Helpers, usualWorkers } from './helpers.js';
import type { Command, DatasetFiles, ModuleAddress, NamedFile, Results, RunSummary } from './protocol.js';
import { settings, type StopReason } from './settings.js';
import { cpuModules, type ModuleKind } from './simd.js';
import { checkedDataset, checkedSource, read, readDataset } from './sources.js';
import { storedOf } from './stored.js';
import type {
  DatasetInfo,
  DatasetSource,
  DeviceInfo,
  EvaluateOptions,
  Evaluation,
  LoadOptions,
  LoadProgress,
  Misfit,
  ModelInfo,
  ResolvedConfig,
  RunConfig,
  Samples,
  SamplesOptions,
  Session,
  SessionOptions,
  ShippedName,
  Source,
  StoredEvaluations,
  UnlearnConfig,
  UnlearnEvent,
  UnlearnOptions,
} from './types.js';

const runOptions = ['forgetClass', 'method', 'preset', ...settings.map(({ key }) => key)];
const evaluateOptions = ['forgetClass', 'nonMembers', 'model', 'network'];

/** What a new engine needs before it is where the one before was. */
type Part = 'model' | 'dataset' | 'network';

/**
 * Opens a session.
 *
 * @param makeWorker Starts a worker that runs `serve`; called again when one has died.
 * @param makeHelper The same for helpers; without it the engine works alone.
 */
export async function openSession(
  options: SessionOptions,
  makeWorker: () => EngineWorker,
  makeHelper?: () => EngineWorker,
): Promise<Session> {
  const { device, workers, onProgress, signal, assets } = checkedOptions('createSession', options, [
    'device',
    'workers',
    'onProgress',
    'signal',
    'assets',
  ]);
  checkWord('device', device, ['auto', 'webgpu', 'cpu']);
  if (workers !== undefined) checkWhole('workers', workers, 1);
  checkSignal('signal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw badOption('onProgress', 'a function', onProgress);
  }
  const session = new EngineSession({ ...options }, assetFolder(assets), makeWorker, makeHelper);
  await session.open();
  return session;
}

class EngineSession implements Session {
  readonly #options: SessionOptions;
  readonly #assets: URL | undefined;
  readonly #makeWorker: () => EngineWorker;
  readonly #helpers: Helpers | undefined;
  readonly #life = new AbortController();
  /** The end of the queue of calls: the engine takes one at a time. */
  #tail: Promise<unknown> = Promise.resolve();

  #connection: Connection | undefined;
  #device: DeviceInfo | undefined;
  /** The engine's module, and so that of its helpers: another one may round otherwise. */
  #module: ModuleAddress | undefined;
  /** How the engine was when it last told; the next one is brought to the same point. */
  #state: State = { changed: false, running: false };

  /** What was loaded last, for a new engine. */
  #model: NamedFile | undefined;
  #dataset: DatasetFiles | undefined;
  /** What finished runs have made of the loaded network; absent where none has been. */
  #network: NamedFile | undefined;
  /** What an engine died of while it was loaded again; a second time it is let go. */
  #suspect: Part | undefined;
  /** Which of the shipped networks the loaded one is. */
  #shipped: Shipped | undefined;

  /** The run that the engine has under way, as long as it may go on. */
  #run: symbol | undefined;
  /** The run that went with its engine, and what the engine died of: whoever goes on with the run is told that. */
  #fallen: { run: symbol; error: PurgeError } | undefined;
  /** Whether the engine's network has steps behind it that are not in `#network`, and would go with the engine. */
  #atStake = false;
  #lost: string | undefined;

  constructor(
    options: SessionOptions,
    assets: URL | undefined,
    makeWorker: () => EngineWorker,
    makeHelper?: () => EngineWorker,
  ) {
    const isBusy = () => this.#run !== undefined;
    this.#helpers = makeHelper && new Helpers(options.workers ?? usualWorkers(), makeHelper, isBusy);
    this.#options = options;
    this.#assets = assets;
    this.#makeWorker = makeWorker;
    const { signal } = options;
    if (signal?.aborted) this.close();
    signal?.addEventListener('abort', () => this.close(), { once: true, signal: this.#life.signal });
  }

  async open(): Promise<void> {
    try {
      await this.#queue(async () => void (await this.#ready()));
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
    return this.#state.model;
  }

  get dataset(): DatasetInfo | undefined {
    return this.#state.dataset;
  }

  get misfit(): Misfit | undefined {
    return this.#state.misfit;
  }

  get lost(): string | undefined {
    return this.#lost;
  }

  async loadModel(source: Source): Promise<ModelInfo> {
    const reading = this.#readModel(checkedSource('model', source));
    return this.#queue(async () => {
      const model = await reading;
      const connection = await this.#ready();
      await this.#endRun(connection);
      await this.#ask(connection, { type: 'load-model', model });
      this.#networkIs(model);
      return told(this.#state.model);
    });
  }

  async loadDataset(source: DatasetSource): Promise<DatasetInfo> {
    const reading = started(readDataset(checkedDataset(source), this.#report('dataset'), this.#life.signal));
    return this.#queue(async () => {
      const dataset = await reading;
      const connection = await this.#ready();
      await this.#endRun(connection);
      await this.#ask(connection, { type: 'load-dataset', dataset });
      this.#dataset = dataset;
      return told(this.#state.dataset);
    });
  }

  async load(
    what: ShippedName | { model: Source; dataset: DatasetSource },
    options: LoadOptions = {},
  ): Promise<{ model: ModelInfo; dataset: DatasetInfo }> {
    const shipped = checkedShipped(what, options);
    const reading = shipped ? this.#readShipped(shipped) : this.#readPair(what);
    return this.#queue(async () => {
      const [model, dataset] = await reading;
      const connection = await this.#ready();
      await this.#endRun(connection);
      await this.#ask(connection, { type: 'load', model, dataset });
      this.#networkIs(model, shipped);
      this.#dataset = dataset;
      return { model: told(this.#state.model), dataset: told(this.#state.dataset) };
    });
  }

  retrained(classIndex: number): URL | undefined {
    checkWhole('classIndex', classIndex, 0);
    return this.#shipped && retrainedAddress(this.#shipped, classIndex, this.#assets);
  }

  async samples(options: SamplesOptions): Promise<Samples> {
    const { class: index, count, split = 'train' } = checkedOptions('samples', options, ['class', 'count', 'split']);
    checkWhole('class', index, 0);
    checkWhole('count', count, 0);
    checkWord('split', split, ['train', 'val', 'test']);
    const command = { type: 'samples', class: index, count, split } as Extract<Command, { type: 'samples' }>;
    return this.#queue(async () => this.#ask(await this.#ready(), command));
  }

  async resolveConfig(config: UnlearnConfig): Promise<ResolvedConfig> {
    const { config: checked } = checkedRun('resolveConfig', config);
    return this.#queue(async () =>
      this.#ask(await this.#readyWithNetwork(), { type: 'resolve-config', config: checked }),
    );
  }

  async evaluate(options: EvaluateOptions): Promise<Evaluation> {
    const { model: source, ...rest } = checkedOptions('evaluate', options, evaluateOptions);
    if (source !== undefined && rest['network'] !== undefined) {
      throw new PurgeError('bad-config', 'evaluate: expected model or network, found both');
    }
    const checked = plain<Omit<EvaluateOptions, 'model'>>(rest);
    const reading = source === undefined ? undefined : this.#readModel(checkedSource('model', source));
    return this.#queue(async () => {
      const model = await reading;
      return this.#ask(await this.#readyWithNetwork(), { type: 'evaluate', options: checked, ...(model && { model }) });
    });
  }

  async stored(file: Source, options: { model?: Source } = {}): Promise<StoredEvaluations | undefined> {
    const { model } = checkedOptions('stored', options, ['model']);
    const reading = this.#readModel(checkedSource('file', file));
    const other = model === undefined ? undefined : this.#readModel(checkedSource('model', model));
    return this.#queue(async () => {
      const network = (await other) ?? this.#model;
      return storedOf((await reading).blob, network?.blob, this.#dataset);
    });
  }

  async prepare(): Promise<void> {
    return this.#queue(async () => {
      const connection = await this.#readyWithNetwork();
      if (!this.#state.running) await this.#ask(connection, { type: 'prepare' });
    });
  }

  async *unlearn(given: RunConfig, options: UnlearnOptions = {}): AsyncGenerator<UnlearnEvent, void, void> {
    const { config, nonMembers } = checkedRun('unlearn', given);
    const { signal, stepsPerEvent, ahead } = checkedPace(options);
    const run = Symbol('run');
    let stop: StopReason | undefined;
    let begun = false;
    try {
      await this.#queue(async () => {
        if (signal?.aborted) return;
        const connection = await this.#readyWithNetwork();
        this.#checkSplit(nonMembers);
        await this.#endRun(connection);
        await this.#letHelp(connection);
        await this.#ask(connection, { type: 'start', config });
        this.#run = run;
        begun = true;
      });
      while (!stop && begun && !signal?.aborted) {
        const { stop: reason, ...progress } = await this.#queue(async () => {
          const connection = this.#connectionOf(run);
          this.#atStake = true;
          return this.#ask(connection, { type: 'advance', steps: stepsPerEvent, ahead: ahead() });
        });
        yield { ...progress, type: 'progress' };
        stop = reason;
      }
      const done = await this.#queue(async () => {
        const summary = begun
          ? await this.#finish(this.#connectionOf(run))
          : { stop: 'cancelled' as const, steps: 0, networkStep: 0, seconds: 0 };
        const options = { forgetClass: config.forgetClass, ...(nonMembers && { nonMembers }) };
        const evaluate = async () => this.#ask(await this.#readyWithNetwork(), { type: 'evaluate', options });
        // The weights are held by now: where the engine stops here, a new one can still tell what the run came to.
        const evaluation = await evaluate().catch((error: unknown) => {
          if (this.#connection?.alive) throw error;
          return evaluate();
        });
        return { ...summary, evaluation };
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

  async exportModel(): Promise<Uint8Array> {
    return this.#queue(async () => this.#ask(await this.#readyWithNetwork(), { type: 'export' }));
  }

  async exportDataset(options: { light?: boolean } = {}): Promise<Uint8Array> {
    const { light = false } = checkedOptions('exportDataset', options, ['light']);
    checkFlag('light', light);
    return this.#queue(async () => this.#ask(await this.#ready(), { type: 'export-dataset', light: light as boolean }));
  }

  async keep(): Promise<ModelInfo> {
    return this.#queue(async () => {
      const connection = await this.#readyWithNetwork();
      await this.#endRun(connection);
      if (this.#atStake) this.#hold(await this.#ask(connection, { type: 'export' }));
      await this.#ask(connection, { type: 'keep' });
      if (this.#model && this.#network) this.#model = { name: this.#model.name, blob: this.#network.blob };
      this.#network = undefined;
      return told(this.#state.model);
    });
  }

  async reset(): Promise<void> {
    return this.#queue(async () => {
      await this.#ask(await this.#ready(), { type: 'reset' });
      this.#dropRuns();
    });
  }

  close(): void {
    this.#life.abort();
    this.#helpers?.close();
    this.#connection?.close(closed());
  }

  /** Runs `task` when all earlier calls have ended, whether well or not. */
  #queue<T>(task: () => Promise<T>): Promise<T> {
    if (this.#life.signal.aborted) return Promise.reject(new PurgeError('bad-state', 'The session is closed.'));
    const result = this.#tail.then(() => {
      if (this.#life.signal.aborted) throw closed();
      return task();
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #ask<C extends Command>(connection: Connection, command: C): Promise<Results[C['type']]> {
    try {
      return await connection.call(command);
    } finally {
      this.#state = connection.state;
    }
  }

  /** A connection to an engine that has all that it should. */
  async #ready(): Promise<Connection> {
    if (this.#life.signal.aborted) throw closed();
    if (this.#connection?.alive) return this.#connection;
    try {
      const connection = await this.#start();
      await this.#bringBack(connection);
      return connection;
    } catch (error) {
      this.#connection?.close(closed());
      throw error;
    }
  }

  /** The same for calls that need the network, which a crash may have taken. */
  async #readyWithNetwork(): Promise<Connection> {
    this.#checkNotLost();
    const connection = await this.#ready();
    this.#checkNotLost();
    return connection;
  }

  #checkNotLost(): void {
    if (this.#lost !== undefined) throw new PurgeError('bad-state', this.#lost);
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
    const device = await this.#openOnCpu(connection);
    const workers = this.#helpers?.workers;
    this.#device = { ...device, ...(workers && { workers }), ...(reason !== undefined && { reason }) };
    return connection;
  }

  async #letHelp(connection: Connection): Promise<void> {
    if (this.#device?.kind === 'cpu' && this.#module) await this.#helpers?.join(connection, this.#module);
  }

  #connect(): Connection {
    let worker: EngineWorker;
    try {
      worker = this.#makeWorker();
    } catch (error) {
      throw new PurgeError('internal', `The worker could not be started (${messageOf(error)}).`, { cause: error });
    }
    this.#connection = new Connection(worker, {
      onProgress: (progress) => this.#tell(progress),
      onDeath: (error) => this.#engineDied(error),
    });
    return this.#connection;
  }

  async #openOnCpu(connection: Connection): Promise<DeviceInfo> {
    const [first, second] = cpuModules();
    try {
      return await this.#openEngine(connection, first);
    } catch (error) {
      // Who serves the files may have left out the module that not every browser loads.
      if (!second || !(error instanceof PurgeError) || error.code !== 'network') throw error;
      return this.#openEngine(connection, second);
    }
  }

  async #openEngine(connection: Connection, module: ModuleKind): Promise<DeviceInfo> {
    const kind = module === 'webgpu' ? 'webgpu' : 'cpu';
    const address = moduleAddress(module, this.#assets);
    const device = await connection.call({ type: 'open', kind, address });
    this.#module = address;
    return device;
  }

  /** What finished runs have made is held; a run that was under way goes with the engine. */
  #engineDied(error: PurgeError): void {
    if (this.#run) this.#fallen = { run: this.#run, error };
    this.#run = undefined;
    if (!this.#atStake) return;
    this.#dropRuns();
    this.#lost =
      `A run was under way when the engine stopped (${error.message}); what it had made of the network is gone. ` +
      'Reset, or load a network, to go on.';
  }

  /** Loads network and data again, and what runs have made of the network. */
  async #bringBack(connection: Connection): Promise<void> {
    const model = this.#model;
    const dataset = this.#dataset;
    const network = this.#network;
    if (model) await this.#loadAgain(connection, 'model', { type: 'load-model', model });
    if (dataset) await this.#loadAgain(connection, 'dataset', { type: 'load-dataset', dataset });
    if (network) await this.#loadAgain(connection, 'network', { type: 'restore', network });
    this.#state = connection.state;
  }

  /** What the engine refuses, or what ends it twice in a row, is let go, or no later call could ever succeed. */
  async #loadAgain(connection: Connection, part: Part, command: Command): Promise<void> {
    try {
      await connection.call(command);
    } catch (error) {
      if (connection.alive || this.#suspect === part) this.#letGo(part, messageOf(error));
      else this.#suspect = part;
      throw error;
    }
    if (this.#suspect === part) this.#suspect = undefined;
  }

  #letGo(part: Part, why: string): void {
    this.#suspect = undefined;
    if (this.#network && part !== 'dataset') {
      this.#dropRuns();
      this.#lost =
        `The engine stopped, and what runs had made of the network could not be brought back (${why}). ` +
        'Reset, or load a network, to go on.';
    }
    const { model, dataset } = this.#state;
    this.#state = { changed: false, running: false };
    if (part === 'model') {
      this.#model = undefined;
      this.#shipped = undefined;
    } else if (model) {
      this.#state.model = model;
    }
    if (part === 'dataset') this.#dataset = undefined;
    else if (dataset) this.#state.dataset = dataset;
  }

  /** Another network is loaded. */
  #networkIs(model: NamedFile, shipped?: Shipped): void {
    this.#model = model;
    this.#shipped = shipped;
    this.#dropRuns();
  }

  /** The engine's network is as it was loaded. */
  #dropRuns(): void {
    this.#run = undefined;
    this.#atStake = false;
    this.#network = undefined;
    this.#lost = undefined;
  }

  /** Ends whatever run is under way; the network stays as it is. */
  async #endRun(connection: Connection): Promise<void> {
    if (this.#state.running) await this.#finish(connection);
  }

  async #finish(connection: Connection): Promise<RunSummary> {
    this.#run = undefined;
    const { summary, network } = await this.#ask(connection, { type: 'finish' });
    this.#hold(network);
    return summary;
  }

  /** Keeps the network as it is now for a new engine. */
  #hold(network: Uint8Array): void {
    this.#network = { name: 'unlearnt network', blob: new Blob([network as Uint8Array<ArrayBuffer>]) };
    this.#atStake = false;
  }

  async #abandon(run: symbol): Promise<void> {
    if (this.#run !== run || this.#life.signal.aborted) return;
    await this.#queue(async () => {
      if (this.#run === run) await this.#finish(this.#connectionOf(run));
    });
  }

  /** The connection to the engine that has this run under way. */
  #connectionOf(run: symbol): Connection {
    if (this.#fallen?.run === run) throw this.#fallen.error;
    if (this.#run !== run || !this.#connection) {
      throw new PurgeError(
        'bad-state',
        'This run is over: a later call (another run, a load, a reset, keep) ended it.',
      );
    }
    return this.#connection;
  }

  /** The scores come after the run: what would make them fail must show before it. */
  #checkSplit(nonMembers: 'test' | 'val' | undefined): void {
    const splits = this.#state.dataset?.nonMemberSplits;
    if (nonMembers && splits && !splits.includes(nonMembers)) {
      throw badOption('nonMembers', `${oneOf(splits)} with these data`, nonMembers);
    }
  }

  #readModel(source: Source): Promise<NamedFile> {
    return started(read(source, 'model', this.#report('model'), this.#life.signal));
  }

  #readPair(what: unknown): Promise<[NamedFile, DatasetFiles]> {
    const { model, dataset } = checkedOptions('load', what, ['model', 'dataset']);
    const source = checkedSource('model', model);
    const parts = checkedDataset(dataset);
    return started(
      Promise.all([this.#readModel(source), readDataset(parts, this.#report('dataset'), this.#life.signal)]),
    );
  }

  #readShipped(shipped: Shipped): Promise<[NamedFile, DatasetFiles]> {
    const { name } = shipped;
    const address = dataAddress(name, this.#assets);
    const reading = Promise.all([
      this.#readModel(networkAddress(shipped, this.#assets)),
      read(address, 'dataset', this.#report('dataset'), this.#life.signal),
    ]).then(
      // Bundlers put something of their own into the names of the files they emit.
      ([model, data]): [NamedFile, DatasetFiles] => [
        { ...model, name: networkFile(shipped) },
        { kind: 'packed', files: [{ ...data, name: dataFile(name) }] },
      ],
      (error: unknown) => {
        if (name === 'mnist' || this.#assets || !(error instanceof PurgeError) || error.code !== 'network') throw error;
        const message = `${error.message}. Only MNIST comes with the package; serve ${name} and pass its folder as assets.`;
        throw new PurgeError('network', message, { cause: error });
      },
    );
    return started(reading);
  }

  #report(what: LoadProgress['what']): Report {
    return (loaded, total) => this.#tell({ what, loaded, ...(total !== undefined && { total }) });
  }

  /** Loading does not depend on whoever listens to it. */
  #tell(progress: LoadProgress): void {
    try {
      this.#options.onProgress?.(progress);
    } catch (error) {
      reportError(error);
    }
  }
}

/** A run's options as they can be posted, and apart from them what is about the scores after it. */
function checkedRun(
  call: 'unlearn' | 'resolveConfig',
  given: unknown,
): Pick<RunConfig, 'nonMembers'> & { config: UnlearnConfig } {
  const known = call === 'unlearn' ? [...runOptions, 'nonMembers'] : runOptions;
  // A resolved configuration has them besides; they follow from the class to forget.
  const { nonMembers, ...config } = checkedOptions(call, given, known, ['classes']);
  checkWord('nonMembers', nonMembers, ['test', 'val']);
  return { config: plain(config), ...(nonMembers !== undefined && { nonMembers: nonMembers as 'test' | 'val' }) };
}

function checkedPace(given: unknown): Pick<UnlearnOptions, 'signal'> & { stepsPerEvent: number; ahead: () => boolean } {
  const known = ['signal', 'stepsPerEvent', 'ahead'];
  const { signal, stepsPerEvent = 1, ahead = () => true } = checkedOptions('unlearn', given, known);
  checkSignal('signal', signal);
  checkWhole('stepsPerEvent', stepsPerEvent, 1);
  if (typeof ahead !== 'function') throw badOption('ahead', 'a function', ahead);
  return {
    stepsPerEvent: stepsPerEvent as number,
    ahead: () => Boolean(ahead()),
    ...(signal !== undefined && { signal: signal as AbortSignal }),
  };
}

/** The shipped network that is asked for; undefined where it is none. */
function checkedShipped(what: unknown, options: unknown): Shipped | undefined {
  const { norm } = checkedOptions('load', options, ['norm']);
  checkWord('norm', norm, ['group', 'batch']);
  if (typeof what === 'string') {
    checkWord('load', what, ['mnist', 'pathmnist']);
    return { name: what as ShippedName, norm: norm === 'batch' ? 'batch' : 'group' };
  }
  if (norm !== undefined) throw new PurgeError('bad-config', 'norm: only a network loaded by name has a choice of it');
  return undefined;
}

function closed(): PurgeError {
  return new PurgeError('cancelled', 'The session was closed.');
}

/** What the engine must have told after a call that succeeded. */
function told<T>(info: T | undefined): T {
  if (info === undefined) throw new PurgeError('internal', 'The engine did not say what it has loaded.');
  return info;
}

/** Lets a promise fail before anyone awaits it; whoever does still gets the failure. */
function started<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
