import {
  PurgeError,
  attacks,
  methods,
  type AttackName,
  type AttackOptions,
  type AttackReport,
  type DatasetInfo,
  type DatasetSource,
  type DeviceInfo,
  type DoneEvent,
  type EvaluateOptions,
  type Evaluation,
  type Misfit,
  type ModelInfo,
  type ResolvedConfig,
  type Samples,
  type Session,
  type SessionOptions,
  type Source,
  type StoredEvaluations,
  type UnlearnConfig,
  type UnlearnEvent,
  type WarmUpOptions,
} from 'purge-unlearning';
import { evaluation } from '../measuring/evaluation.fixture';
import { isCrash } from '../state/problem';

/** What an evaluation of the fake was made of, in its field `of`. */
export interface Evaluated {
  dataset: string;
  network: string;
  classes: readonly number[];
}

/** What the fake engine evaluated. */
export function evaluatedBy(of: Evaluation | undefined): Evaluated | undefined {
  return (of as (Evaluation & { of: Evaluated }) | undefined)?.of;
}

/** What goes on outside of a session, for all sessions of a page. */
export interface World {
  /** Called before each answer; may throw what the call fails with, or take its time. */
  during: (call: string) => void | Promise<void>;
  /** Every call in order, `open` among them. */
  calls: string[];
  /** The session that is open. */
  session?: FakeSession;
  /** Steps until a run reaches its target. */
  runLength: number;
  stop: DoneEvent['stop'];
  /** Whether there is a GPU, and whether it is slower than the CPU. */
  hasGpu: boolean;
  gpuIsSlow: boolean;
}

/** A new world, in which nothing fails. */
export function newWorld(): World {
  return { during: () => undefined, calls: [], runLength: 3, stop: 'forget_target', hasGpu: false, gpuIsSlow: false };
}

/** What a crash of the engine fails with. `forGood`: what runs have made cannot be brought back. */
export function crash(forGood = false): PurgeError {
  return new PurgeError('internal', forGood ? 'The engine stopped for good.' : 'The engine stopped.');
}

/** Opens fake sessions in a world. */
export function fakeCreate(world: World) {
  return async (options: SessionOptions = {}): Promise<Session> => {
    world.calls.push(`open ${options.device ?? 'auto'}`);
    options.onProgress?.({ what: 'engine', loaded: 1, total: 2 });
    await world.during('open');
    await turn();
    if (options.signal?.aborted) throw new PurgeError('cancelled', 'The session was closed.');
    const session = new FakeSession(world, options);
    options.signal?.addEventListener('abort', () => session.close());
    world.session = session;
    return session;
  };
}

/** Lets everything else that is ready go first. */
export function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    // Unlike a timer of 0 it does not wait for a millisecond.
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

interface FakeModel extends ModelInfo {
  /** What it is told by in evaluations. */
  id: string;
}

/** A session without an engine that keeps the package's promises: calls one after the other, what a crash takes, what fits. */
export class FakeSession implements Session {
  device: DeviceInfo;
  model: FakeModel | undefined;
  dataset: DatasetInfo | undefined;
  lost: string | undefined;
  /** The network as it is now. */
  network = '';
  readonly #world: World;
  readonly #choose: boolean;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;
  #run: { step: number; config: UnlearnConfig } | undefined;
  /** What the last run was about, if it reached its target. */
  #forgotten: number[] = [];

  constructor(world: World, { device = 'auto' }: SessionOptions) {
    this.#world = world;
    this.#choose = device === 'auto';
    this.device = { kind: device === 'webgpu' || (this.#choose && world.hasGpu) ? 'webgpu' : 'cpu', name: 'fake' };
  }

  get misfit(): Misfit | undefined {
    const { model, dataset } = this;
    if (!model || !dataset) return undefined;
    if (model.channels === dataset.channels && model.classes === dataset.classNames.length) return undefined;
    const [expected, found] = [`a network for ${dataset.name}`, model.name];
    return { expected, found, message: `${model.name}: expected ${expected}, found ${found}` };
  }

  loadModel(source: Source): Promise<ModelInfo> {
    return this.#call('loadModel', async () => this.#hasModel(await readModel(source)));
  }

  loadDataset(source: DatasetSource): Promise<DatasetInfo> {
    return this.#call('loadDataset', async () => (this.dataset = await readDataset(source)));
  }

  load(what: string | { model: Source; dataset: DatasetSource }): Promise<{ model: ModelInfo; dataset: DatasetInfo }> {
    return this.#call('load', async () => {
      if (typeof what === 'string') throw new Error('The page loads its own files.');
      const [model, dataset] = [await readModel(what.model), await readDataset(what.dataset)];
      this.dataset = dataset;
      return { model: this.#hasModel(model), dataset };
    });
  }

  retrained(): undefined {
    return undefined;
  }

  /** What a file of the fake server says, "scores of NETWORK". */
  stored(source: Source, { model }: { model?: Source } = {}): Promise<StoredEvaluations | undefined> {
    return this.#call('stored', async () => {
      const of = model ? (await readModel(model)).id : this.#loadedId;
      const text = await (source as File).text();
      const classes = this.dataset?.classNames.map((_, k) => k) ?? [];
      if (text !== `scores of ${of}`) return undefined;
      return { device: 'elsewhere', evaluations: classes.map((k) => this.#evaluation([k], of, 'test')) };
    });
  }

  warmUp({ signal }: WarmUpOptions = {}): Promise<DeviceInfo | undefined> {
    return this.#call('warmUp', async () => {
      this.#mustFit();
      for (let i = 0; i < 3 && !signal?.aborted; i++) await turn();
      if (signal?.aborted) return undefined;
      if (this.#choose && this.device.kind === 'webgpu' && this.#world.gpuIsSlow) {
        this.device = { kind: 'cpu', name: 'fake', reason: 'The GPU is slow.', pace: { webgpu: 2, cpu: 1 } };
      }
      return this.device;
    });
  }

  prepare(): Promise<void> {
    return this.#call('prepare', () => this.#mustFit());
  }

  samples({ class: index, count }: { class: number; count: number }): Promise<Samples> {
    return this.#call('samples', () => {
      if (index >= (this.dataset?.classNames.length ?? 0)) throw new PurgeError('bad-config', 'class: out of range');
      return { count, channels: 1, height: 1, width: 1, pixels: new Uint8Array(count).fill(index) };
    });
  }

  resolveConfig(config: UnlearnConfig): Promise<ResolvedConfig> {
    const { forgetClass, ...given } = structuredClone(config);
    return this.#call('resolveConfig', () => {
      this.#mustFit();
      const forget = [forgetClass as number | number[]].flat();
      const method = methods.find(({ name }) => name === (given.method ?? 'purge'));
      if (!method) throw new PurgeError('bad-config', 'method: unknown');
      for (const key of Object.keys(given)) {
        if (key === 'method' || key === 'preset' || (method.settings as readonly string[]).includes(key)) continue;
        throw new PurgeError('bad-config', `${key}: not a setting of ${method.name}`);
      }
      const preset = given.preset ?? method.defaultPreset;
      if (!method.presets.some(({ name }) => name === preset)) throw new PurgeError('bad-config', 'preset: unknown');
      return {
        checkEvery: 1,
        targetForgetAccuracy: 1,
        ...given,
        forgetClass: forget,
        method: method.name,
        preset,
        classes: { forget, forgotten: this.model?.forgottenClasses ?? [] },
      };
    });
  }

  evaluate({ model, ...rest }: EvaluateOptions): Promise<Evaluation> {
    const { forgetClass, nonMembers = 'test', network = 'current' } = structuredClone(rest);
    const what = model ? 'other' : network;
    return this.#call(`evaluate ${what}`, async () => {
      this.#mustFit();
      const other = model && (await readModel(model)).id;
      return this.#evaluation(
        [forgetClass as number | number[]].flat(),
        other ?? (network === 'loaded' ? this.#loadedId : this.network),
        nonMembers,
      );
    });
  }

  get attacks() {
    return attacks;
  }

  /** Its one number is about the network that was attacked, as its label says. */
  attack(name: AttackName, options: AttackOptions): Promise<AttackReport> {
    const { network = 'after', retrained, signal, onProgress } = options;
    const what = network === 'before' ? 'loaded' : network === 'after' ? 'current' : 'other';
    return this.#call(`attack ${what}`, async () => {
      this.#mustFit();
      if (network === 'retrained' && !retrained)
        throw new PurgeError('bad-config', 'retrained: expected one, found none');
      for (let part = 1; part <= 2; part++) {
        await turn();
        if (signal?.aborted) throw new PurgeError('cancelled', 'The attack was cancelled.');
        onProgress?.({ attack: name, share: part / 2 });
      }
      const other = network === 'retrained' && retrained ? (await readModel(retrained)).id : undefined;
      const label = other ?? (network === 'before' ? this.#loadedId : this.network);
      const headline = attacks.find((info) => info.name === name)?.headline ?? '';
      const numbers = [{ key: headline, label, unit: '', value: label.includes('without') ? 0.5 : 1 }];
      return { attack: name, options: {}, numbers, curves: [], histograms: [], notes: [], seconds: 1 };
    });
  }

  async *unlearn(
    { nonMembers = 'test', ...given }: UnlearnConfig & { nonMembers?: 'test' | 'val' },
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<UnlearnEvent, void, void> {
    const config = structuredClone(given);
    const classes = [config.forgetClass as number | number[]].flat();
    let run: { step: number; config: UnlearnConfig } | undefined;
    if (!signal?.aborted) {
      run = await this.#call('start', () => {
        this.#mustFit();
        return (this.#run = { step: 0, config });
      });
    }
    try {
      yield* this.#events(run, classes, nonMembers, signal);
    } finally {
      // Whoever pulls no more leaves the network as it is.
      if (run && this.#run === run) this.#run = undefined;
    }
  }

  async *#events(
    run: { step: number; config: UnlearnConfig } | undefined,
    classes: number[],
    nonMembers: 'test' | 'val',
    signal: AbortSignal | undefined,
  ): AsyncGenerator<UnlearnEvent, void, void> {
    let over = false;
    while (run && !over && !signal?.aborted) {
      const { step } = await this.#call('advance', () => {
        if (this.#run !== run) throw new PurgeError('bad-state', 'This run is over.');
        run.step += 1;
        this.network = `${this.#loadedId} without ${classes.join()} by ${run.step}`;
        return { step: run.step };
      });
      over = step >= this.#world.runLength;
      yield progress(step, over);
    }
    const done = await this.#call('finish', async () => {
      this.#run = undefined;
      const steps = run?.step ?? 0;
      const stop = over ? this.#world.stop : ('cancelled' as const);
      if (run) this.#forgotten = stop === 'forget_target' ? classes : [];
      await this.#world.during('evaluate after');
      return {
        stop,
        steps,
        networkStep: steps,
        seconds: 1,
        evaluation: this.#evaluation(classes, this.network, nonMembers),
      };
    });
    yield { type: 'done', ...done };
  }

  exportModel(): Promise<Uint8Array> {
    return this.#call('exportModel', () => {
      this.#mustFit();
      return new TextEncoder().encode(this.network);
    });
  }

  exportDataset(): Promise<Uint8Array> {
    return this.#call('exportDataset', () => new TextEncoder().encode(this.dataset?.name));
  }

  keep(): Promise<ModelInfo> {
    return this.#call('keep', () => {
      this.#mustFit();
      if (!this.model) throw new PurgeError('bad-state', 'no network');
      this.model = {
        ...this.model,
        id: this.network,
        forgottenClasses: [...this.model.forgottenClasses, ...this.#forgotten],
      };
      this.#forgotten = [];
      return this.model;
    });
  }

  reset(): Promise<void> {
    return this.#call('reset', () => {
      this.network = this.#loadedId;
      this.lost = undefined;
    });
  }

  close(): void {
    this.#closed = true;
  }

  get #loadedId(): string {
    return this.model?.id ?? '';
  }

  #hasModel(model: FakeModel): ModelInfo {
    this.model = model;
    this.network = model.id;
    this.lost = undefined;
    this.#run = undefined;
    return model;
  }

  #mustFit(): void {
    if (this.lost !== undefined) throw new PurgeError('bad-state', this.lost);
    if (!this.model || !this.dataset) throw new PurgeError('bad-state', 'load a network and a dataset first');
    if (this.misfit) throw new PurgeError('bad-model', this.misfit.message);
  }

  #evaluation(classes: number[], network: string, nonMemberSplit: 'test' | 'val'): Evaluation {
    const of: Evaluated = { dataset: this.dataset?.name ?? '', network, classes };
    const fa = network.includes('without') ? 0 : 100;
    return Object.assign(evaluation({ classes: { forget: classes, forgotten: [] }, nonMemberSplit, fa }), { of });
  }

  #call<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      if (this.#closed) throw new PurgeError('cancelled', 'The session was closed.');
      this.#world.calls.push(name);
      await turn();
      try {
        await this.#world.during(name);
        if (this.#closed) throw new PurgeError('cancelled', 'The session was closed.');
        return await work();
      } catch (error) {
        if (error instanceof PurgeError && isCrash(error.code)) this.#crashed(/for good/.test(error.message));
        throw error;
      }
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** What a run under way has made goes with the engine; a new engine has all the rest again. */
  #crashed(forGood: boolean): void {
    if (!this.#run && !forGood) return;
    if (this.#run?.step) this.lost = 'A run was under way when the engine stopped.';
    else if (this.network !== this.#loadedId) this.lost = 'What runs had made could not be brought back.';
    this.#run = undefined;
    this.network = this.#loadedId;
  }
}

function progress(step: number, over: boolean): UnlearnEvent {
  return {
    type: 'progress',
    step,
    epoch: 1,
    stepsPerEpoch: 100,
    maxSteps: 100,
    forgetAccuracy: over ? 0 : 50,
    checkedStep: step,
    retainAccuracy: 90,
    elapsedMs: step,
    steps: [{ step, retainCe: 1 }],
  };
}

async function readModel(source: Source): Promise<FakeModel> {
  const { name, channels, classes, rest } = await parsed(source, 'model', 'bad-model');
  return {
    id: name,
    name,
    architecture: 'small_cnn',
    dataset: name,
    classes,
    classNames: names(classes),
    channels,
    height: 0,
    width: 0,
    baseWidth: 8,
    norm: name.includes('batch') ? 'batch' : 'group',
    parameters: 1000,
    ...(name.startsWith('pathmnist') && { membersPerClass: 8 }),
    withoutClasses: [],
    forgottenClasses: rest ? rest.split(',').map(Number) : [],
    history: [],
    accuracies: {},
  };
}

async function readDataset(source: DatasetSource): Promise<DatasetInfo> {
  if (!('file' in source)) throw new PurgeError('bad-dataset', `${source.kind}: not one of the fake's`);
  const { name, channels, classes } = await parsed(source.file, 'data', 'bad-dataset');
  return {
    name,
    title: name,
    classNames: names(classes),
    channels,
    height: 28,
    width: 28,
    counts: { train: Array<number>(classes).fill(5), test: Array<number>(classes).fill(2) },
    normalisation: { mean: [0.1], std: [0.3] },
    members: 'all',
    nonMemberSplits: name.includes('pathmnist') ? ['test', 'val'] : ['test'],
    bytes: 1,
  };
}

async function parsed(source: Source, kind: string, code: 'bad-model' | 'bad-dataset') {
  if (!(source instanceof File)) throw new Error('expected a File');
  const [word, channels, classes, rest] = (await source.text()).split(' ');
  if (word !== kind) throw new PurgeError(code, `${source.name}: expected ${kind}, found ${word ?? 'nothing'}`);
  return { name: source.name, channels: Number(channels), classes: Number(classes), rest };
}

function names(classes: number): string[] {
  return Array.from({ length: classes }, (_, k) => `class ${k}`);
}
