import { assetFolder, retrainedAddress } from './assets.js';
import { attacked, checkedAttack } from './attack.js';
import { attacks, type AttackInfo, type AttackName } from './attacks.js';
import { checkFlag, checkSignal, checkWhole, checkWord, checkedOptions, plain } from './checks.js';
import type { EngineWorker } from './connection.js';
import { EngineQueue } from './engine-queue.js';
import { PurgeError } from './errors.js';
import { Helpers, usualWorkers } from './helpers.js';
import type { Holdings } from './holdings.js';
import { Opening } from './opening.js';
import { checkedRun, checkedSession, checkedShipped } from './options.js';
import type { AttackRequest, Command } from './protocol.js';
import { Reading } from './reading.js';
import { Runs } from './runs.js';
import { checkedSource } from './sources.js';
import { storedOf } from './stored.js';
import { warmUp } from './warm-up.js';
import type {
  AttackOptions,
  AttackReport,
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
  WarmUpOptions,
} from './types/index.js';

const evaluateOptions = ['forgetClass', 'nonMembers', 'model', 'network'];

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
  const { assets } = checkedSession(options);
  const session = new EngineSession({ ...options }, assetFolder(assets), makeWorker, makeHelper);
  await session.open();
  return session;
}

class EngineSession implements Session {
  readonly #options: SessionOptions;
  readonly #assets: URL | undefined;
  readonly #life = new AbortController();
  readonly #reading: Reading;
  readonly #helpers: Helpers | undefined;
  readonly #queue: EngineQueue;
  readonly #holdings: Holdings;
  readonly #runs: Runs;

  constructor(
    options: SessionOptions,
    assets: URL | undefined,
    makeWorker: () => EngineWorker,
    makeHelper?: () => EngineWorker,
  ) {
    const life = this.#life.signal;
    const { device = 'auto', workers = usualWorkers(), signal } = options;
    const tell = (progress: LoadProgress) => this.#tell(progress);
    const isBusy = () => this.#holdings.run !== undefined;
    this.#options = options;
    this.#assets = assets;
    this.#reading = new Reading(assets, tell, life);
    this.#helpers = makeHelper && new Helpers(workers, makeHelper, isBusy);
    this.#queue = new EngineQueue(new Opening(device, assets, makeWorker, life), this.#helpers, tell, life);
    this.#holdings = this.#queue.holdings;
    this.#runs = new Runs(this.#queue);
    if (signal?.aborted) this.close();
    signal?.addEventListener('abort', () => this.close(), { once: true, signal: life });
  }

  async open(): Promise<void> {
    try {
      await this.#queue.add(() => this.#queue.ready());
    } catch (error) {
      this.close();
      throw this.#options.signal?.aborted ? new PurgeError('cancelled', 'Opening the session was cancelled.') : error;
    }
  }

  get device(): DeviceInfo {
    return this.#queue.device;
  }

  get model(): ModelInfo | undefined {
    return this.#holdings.state.model;
  }

  get dataset(): DatasetInfo | undefined {
    return this.#holdings.state.dataset;
  }

  get misfit(): Misfit | undefined {
    return this.#holdings.state.misfit;
  }

  get lost(): string | undefined {
    return this.#holdings.lost;
  }

  async loadModel(source: Source): Promise<ModelInfo> {
    const reading = this.#reading.model(checkedSource('model', source));
    return this.#queue.add(async () => {
      const model = await reading;
      await this.#load({ type: 'load-model', model });
      this.#holdings.networkIs(model);
      return told(this.model);
    });
  }

  async loadDataset(source: DatasetSource): Promise<DatasetInfo> {
    const reading = this.#reading.dataset(source);
    return this.#queue.add(async () => {
      const dataset = await reading;
      await this.#load({ type: 'load-dataset', dataset });
      this.#holdings.dataset = dataset;
      return told(this.dataset);
    });
  }

  async load(
    what: ShippedName | { model: Source; dataset: DatasetSource },
    options: LoadOptions = {},
  ): Promise<{ model: ModelInfo; dataset: DatasetInfo }> {
    const shipped = checkedShipped(what, options);
    const reading = shipped ? this.#reading.shipped(shipped) : this.#reading.pair(what);
    return this.#queue.add(async () => {
      const [model, dataset] = await reading;
      await this.#load({ type: 'load', model, dataset });
      this.#holdings.networkIs(model, shipped);
      this.#holdings.dataset = dataset;
      return { model: told(this.model), dataset: told(this.dataset) };
    });
  }

  retrained(classIndex: number): URL | undefined {
    checkWhole('classIndex', classIndex, 0);
    const { shipped } = this.#holdings;
    return shipped && retrainedAddress(shipped, classIndex, this.#assets);
  }

  async samples(options: SamplesOptions): Promise<Samples> {
    const { class: index, count, split = 'train' } = checkedOptions('samples', options, ['class', 'count', 'split']);
    checkWhole('class', index, 0);
    checkWhole('count', count, 0);
    checkWord('split', split, ['train', 'val', 'test']);
    const command = { type: 'samples', class: index, count, split } as Extract<Command, { type: 'samples' }>;
    return this.#queue.add(async () => this.#queue.ask(await this.#queue.ready(), command));
  }

  async resolveConfig(config: UnlearnConfig): Promise<ResolvedConfig> {
    const { config: checked } = checkedRun('resolveConfig', config);
    const command = { type: 'resolve-config', config: checked } as const;
    return this.#queue.add(async () => this.#queue.ask(await this.#queue.readyWithNetwork(), command));
  }

  async evaluate(options: EvaluateOptions): Promise<Evaluation> {
    const { model: source, ...rest } = checkedOptions('evaluate', options, evaluateOptions);
    if (source !== undefined && rest['network'] !== undefined) {
      throw new PurgeError('bad-config', 'evaluate: expected model or network, found both');
    }
    const checked = plain<Omit<EvaluateOptions, 'model'>>(rest);
    const reading = source === undefined ? undefined : this.#reading.model(checkedSource('model', source));
    return this.#queue.add(async () => {
      const model = await reading;
      const connection = await this.#queue.readyWithNetwork();
      return this.#queue.ask(connection, { type: 'evaluate', options: checked, ...(model && { model }) });
    });
  }

  get attacks() {
    return attacks;
  }

  async attack(name: AttackName, options: AttackOptions): Promise<AttackReport> {
    const checked = checkedAttack(name, options);
    const reading = checked.retrained === undefined ? undefined : this.#reading.model(checked.retrained);
    return this.#queue.add(async () => {
      const shipped = reading ? undefined : this.#shippedRetrained(checked.info.second, checked.options);
      return attacked(this.#queue, checked, await (shipped ? this.#reading.model(shipped) : reading));
    });
  }

  async stored(file: Source, options: { model?: Source } = {}): Promise<StoredEvaluations | undefined> {
    const { model } = checkedOptions('stored', options, ['model']);
    const reading = this.#reading.model(checkedSource('file', file));
    const other = model === undefined ? undefined : this.#reading.model(checkedSource('model', model));
    return this.#queue.add(async () => {
      const network = (await other) ?? this.#holdings.model;
      return storedOf((await reading).blob, network?.blob, this.#holdings.dataset);
    });
  }

  async warmUp(options: WarmUpOptions = {}): Promise<DeviceInfo | undefined> {
    const { signal } = checkedOptions('warmUp', options, ['signal']);
    checkSignal('signal', signal);
    const { device = 'auto' } = this.#options;
    return this.#queue.addIdle((idle) => warmUp(this.#queue, device === 'auto', idle), signal as AbortSignal);
  }

  async prepare(): Promise<void> {
    return this.#queue.add(async () => {
      const connection = await this.#queue.readyWithNetwork();
      if (this.#holdings.state.running) return;
      await this.#queue.letHelp(connection);
      await this.#queue.ask(connection, { type: 'prepare' });
    });
  }

  unlearn(config: RunConfig, options: UnlearnOptions = {}): AsyncGenerator<UnlearnEvent, void, void> {
    return this.#runs.unlearn(config, options);
  }

  async exportModel(): Promise<Uint8Array> {
    return this.#queue.add(async () => this.#queue.ask(await this.#queue.readyWithNetwork(), { type: 'export' }));
  }

  async exportDataset(options: { light?: boolean } = {}): Promise<Uint8Array> {
    const { light = false } = checkedOptions('exportDataset', options, ['light']);
    checkFlag('light', light);
    const command = { type: 'export-dataset', light: light as boolean } as const;
    return this.#queue.add(async () => this.#queue.ask(await this.#queue.ready(), command));
  }

  async keep(): Promise<ModelInfo> {
    return this.#queue.add(async () => {
      const connection = await this.#queue.readyWithNetwork();
      await this.#runs.end(connection);
      if (this.#holdings.atStake) this.#holdings.hold(await this.#queue.ask(connection, { type: 'export' }));
      await this.#queue.ask(connection, { type: 'keep' });
      this.#holdings.keep();
      return told(this.model);
    });
  }

  async reset(): Promise<void> {
    return this.#queue.add(async () => {
      await this.#queue.ask(await this.#queue.ready(), { type: 'reset' });
      this.#holdings.dropRuns();
    });
  }

  close(): void {
    this.#life.abort();
    this.#helpers?.close();
  }

  /** The shipped network that never knew the class, where an attack cannot do without one. */
  #shippedRetrained(second: AttackInfo['second'], options: AttackRequest): URL | undefined {
    const [forget, ...more] = [options.forgetClass].flat();
    if ((second !== 'needed' && options.network !== 'retrained') || forget === undefined || more.length > 0) return;
    return Number.isSafeInteger(forget) && forget >= 0 ? this.retrained(forget) : undefined;
  }

  /** Gives the engine what was read; a run under way ends. */
  async #load(command: Extract<Command, { type: 'load' | 'load-model' | 'load-dataset' }>): Promise<void> {
    const connection = await this.#queue.ready();
    await this.#runs.end(connection);
    await this.#queue.ask(connection, command);
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

/** What the engine must have told after a call that succeeded. */
function told<T>(info: T | undefined): T {
  if (info === undefined) throw new PurgeError('internal', 'The engine did not say what it has loaded.');
  return info;
}
