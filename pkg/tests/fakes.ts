import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { AttackName } from '../src/attacks.js';
import type { EngineWorker } from '../src/connection.js';
import type { Gpu } from '../src/device.js';
import type { Engine, State } from '../src/engine.js';
import type { Advance, AttackStep, Request } from '../src/protocol.js';
import { serve, type Host, type WorkerScope } from '../src/serve.js';
import type { StopReason } from '../src/settings.js';
import type {
  DatasetInfo,
  DatasetSource,
  DeviceKind,
  ErrorCode,
  Evaluation,
  Misfit,
  ModelInfo,
  ResolvedConfig,
  UnlearnConfig,
} from '../src/types/index.js';

/** The event loop turns often enough for messages to go there and back. */
export const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

/** A text that matches, inside an object to compare with; a bare pattern there would match anything. */
export const says = (pattern: RegExp) => expect.stringMatching(pattern) as unknown;

export const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** Fails as the engine does. */
export function refuse(code: ErrorCode, message: string, fatal = false): never {
  const object: unknown = { code, message, fatal };
  throw object;
}

/** What the fake engine says of an evaluation: which network it was. */
export type FakeEvaluation = Evaluation & { network: string };

interface Run {
  class: string;
  before: string;
  step: number;
  stop?: StopReason;
}

/**
 * An engine without mathematics that keeps the contract. A network is a text, "model…", to which a run of five steps that
 * forgets the 3 adds "|3:5"; a dataset is a text, "data…". They fit if both have "colour" in them or neither. A "huge"
 * dataset is too large for it. A run ends after `runLength` steps.
 */
export class FakeEngine implements Engine {
  readonly calls: string[] = [];
  readonly handedOut: Uint8Array[] = [];
  runLength = 3;
  /** Steps that were taken beforehand. */
  aheads = 0;
  /** Called in the middle of every call, before it has an effect; may throw or never come back. */
  during: (call: string) => void | Promise<void> = () => {};
  /** The same once it has had its effect. */
  after: (call: string) => void | Promise<void> = () => {};
  /** Milliseconds that a step of a rehearsal is said to take. */
  pace: (batch: number) => number = () => 1;
  /** Called in a step that is taken beforehand; may throw. */
  whenAhead: () => void = () => {};
  #busy = false;
  #loaded: { name: string; network: string } | undefined;
  #network: string | undefined;
  #data: { name: string; content: string } | undefined;
  #run: Run | undefined;
  #attack: { name: AttackName; share: number } | undefined;

  constructor(
    readonly kind: DeviceKind,
    /** Where its module was. */
    readonly wasm = '',
  ) {}

  device() {
    return { kind: this.kind, name: `fake ${this.kind}` };
  }

  state(): State {
    if (this.#busy) throw new Error('the state was asked for while a call was under way');
    const misfit = this.#misfit();
    const common = misfit && { misfit };
    const { name, network } = this.#loaded ?? {};
    return {
      ...(this.#loaded && { model: { name, dataset: network, ...common } as ModelInfo }),
      ...(this.#data && {
        dataset: {
          name: this.#data.name,
          title: this.#data.content,
          height: 2,
          width: 3,
          members: network !== undefined && !misfit ? `those of ${network}` : 'all',
          nonMemberSplits: this.#data.content.includes('without val') ? ['test'] : ['test', 'val'],
          ...common,
        } as DatasetInfo,
      }),
      ...common,
      changed: this.#network !== network,
      running: this.#run !== undefined,
    };
  }

  /** The network as it is now. */
  get network(): string | undefined {
    return this.#network;
  }

  loadModel(name: string, file: Uint8Array) {
    return this.#call(`loadModel ${name} ${text(file)}`, () => {
      this.#mustBeIdle();
      this.#takeModel(name, text(file));
    });
  }

  loadDataset(kind: DatasetSource['kind'], names: string[], files: Uint8Array[]) {
    return this.#call(`loadDataset ${kind} ${names} ${files.map(text)}`, () => {
      this.#mustBeIdle();
      this.#data = readData(names, files);
    });
  }

  load(modelName: string, model: Uint8Array, kind: DatasetSource['kind'], names: string[], files: Uint8Array[]) {
    return this.#call(`load ${modelName} ${text(model)} ${kind} ${names} ${files.map(text)}`, () => {
      this.#mustBeIdle();
      const data = readData(names, files);
      this.#takeModel(modelName, text(model));
      this.#data = data;
    });
  }

  async samples(split: string, classIndex: number, count: number) {
    await this.#call(`samples ${split} ${classIndex} ${count}`, () => {
      if (!this.#data) refuse('bad-state', 'load a dataset first');
    });
    return {
      count,
      channels: 1,
      height: 2,
      width: 2,
      pixels: this.#handOut(new Uint8Array(count * 4).fill(classIndex)),
    };
  }

  async resolveConfig(config: UnlearnConfig) {
    await this.#call(`resolveConfig ${JSON.stringify(config)}`, () => this.#mustFit());
    return { ...config, learningRate: 0.005 } as ResolvedConfig;
  }

  async evaluate(
    options: Parameters<Engine['evaluate']>[0],
    model?: { name: string; bytes: Uint8Array },
  ): Promise<FakeEvaluation> {
    const { forgetClass, nonMembers = 'test', network = 'current' } = options;
    const which = model ? ` ${model.name} ${text(model.bytes)}` : network === 'loaded' ? ' loaded' : '';
    await this.#call(`evaluate ${JSON.stringify(forgetClass)} ${nonMembers}${which}`, () => this.#mustFit());
    return {
      classes: { forget: [forgetClass].flat(), forgotten: [] as number[] },
      nonMemberSplit: nonMembers,
      network: model ? text(model.bytes) : network === 'loaded' ? this.#loaded?.network : this.#network,
    } as FakeEvaluation;
  }

  async startAttack(
    name: AttackName,
    options: Parameters<Engine['startAttack']>[1],
    retrained?: { name: string; bytes: Uint8Array },
  ) {
    const second = retrained ? ` ${retrained.name} ${text(retrained.bytes)}` : '';
    await this.#call(`startAttack ${name} ${JSON.stringify(options)}${second}`, () => {
      this.#mustFit();
      this.#attack = { name, share: 0 };
    });
  }

  /** An attack takes two breaths. */
  async advanceAttack(): Promise<AttackStep> {
    const attack = this.#attack ?? refuse('bad-state', 'start an attack first');
    await this.#call('advanceAttack', () => {
      attack.share += 0.5;
    });
    const { name, share } = attack;
    if (share < 1) return { share };
    this.#attack = undefined;
    const numbers = [{ key: 'delta', value: 92, interval: [91, 93] as [number, number], reference: 0 }];
    const notes = ['no_batch_norm'];
    return {
      share,
      report: { attack: name, options: { seed: 0 }, numbers, curves: [], histograms: [], notes, seconds: 1 },
    };
  }

  async dropAttack() {
    await this.#call('dropAttack', () => {
      this.#attack = undefined;
    });
  }

  async prepare() {
    await this.#call('prepare', () => this.#mustFit());
  }

  async rehearse(batch: number, height: number, width: number, goesOn: () => Promise<boolean>) {
    let on = true;
    await this.#call(`rehearse ${batch} of ${height}×${width}`, () => {
      if (!this.#loaded) refuse('bad-state', 'load a network first');
    });
    for (let step = 0; step < 3 && on; step++) on = await goesOn();
    return on ? this.pace(batch) : undefined;
  }

  async startUnlearning(config: UnlearnConfig) {
    await this.#call(`start ${JSON.stringify(config)}`, () => {
      this.#mustFit();
      this.#mustBeIdle();
      this.#run = { class: String(config.forgetClass), before: this.#network ?? '', step: 0 };
    });
  }

  async advance(steps: number): Promise<Advance> {
    await this.#call(`advance ${steps}`, () => {
      const run = this.#running();
      run.step = Math.min(run.step + steps, this.runLength);
      if (run.step === this.runLength) run.stop = 'forget_target';
      if (run.step > 0) this.#network = `${run.before}|${run.class}:${run.step}`;
    });
    const { step, stop } = this.#running();
    return { type: 'progress', step, ...(stop && { stop }) } as Advance;
  }

  goAhead(): void {
    if (this.#busy) throw new Error('a step was taken beforehand while another call was under way');
    this.aheads += 1;
    this.whenAhead();
  }

  async finish() {
    const { step, stop = 'cancelled' } = this.#run ?? { step: 0 };
    await this.#call('finish', () => {
      this.#running();
      this.#run = undefined;
    });
    return { steps: step, networkStep: step, violations: 0, seconds: 1, stop };
  }

  async exportModel() {
    await this.#call('exportModel', () => {
      if (this.#network === undefined) refuse('bad-state', 'load a network first');
    });
    return this.#handOut(bytes(this.#network ?? ''));
  }

  async exportDataset(light: boolean) {
    await this.#call(`exportDataset ${light}`, () => {
      if (!this.#data) refuse('bad-state', 'load a dataset first');
    });
    return bytes(`${this.#data?.content}${light ? ' in part' : ''}`);
  }

  restore(file: Uint8Array) {
    return this.#call(`restore ${text(file)}`, () => {
      this.#mustBeIdle();
      if (!this.#loaded || !text(file).startsWith(this.#loaded.network)) refuse('bad-model', 'of another network');
      this.#network = text(file);
    });
  }

  keep() {
    return this.#call('keep', () => {
      this.#mustBeIdle();
      if (!this.#loaded || this.#network === undefined) refuse('bad-state', 'load a network first');
      this.#loaded.network = this.#network;
    });
  }

  reset() {
    return this.#call('reset', () => {
      this.#run = undefined;
      this.#network = this.#loaded?.network;
    });
  }

  #takeModel(name: string, network: string): void {
    if (!network.startsWith('model')) refuse('bad-model', `${name}: expected safetensors, found ${network}`);
    this.#loaded = { name, network };
    this.#network = network;
  }

  #misfit(): Misfit | undefined {
    if (!this.#loaded || !this.#data) return undefined;
    const kind = (content: string) => (content.includes('colour') ? 'colour' : 'grey');
    const [expected, found] = [kind(this.#data.content), kind(this.#loaded.network)];
    if (expected === found) return undefined;
    return { expected, found, message: `expected a network for ${expected} images, found one for ${found} ones` };
  }

  #mustFit(): void {
    if (!this.#loaded || !this.#data) refuse('bad-state', 'load a network and a dataset first');
    const misfit = this.#misfit();
    if (misfit) refuse('bad-model', misfit.message);
  }

  #mustBeIdle(): void {
    if (this.#run) throw new Error('a run is under way');
  }

  #running(): Run {
    return this.#run ?? refuse('bad-state', 'start a run first');
  }

  #handOut(given: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.handedOut.push(given);
    return given;
  }

  async #call(call: string, work: () => void): Promise<State> {
    if (this.#busy) throw new Error(`"${call}" came while another call was under way`);
    this.#busy = true;
    this.calls.push(call);
    try {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.during(call);
      work();
      await this.after(call);
    } finally {
      this.#busy = false;
    }
    return this.state();
  }
}

function readData(names: string[], files: Uint8Array[]): { name: string; content: string } {
  const [name = ''] = names;
  const content = files.map(text).join();
  if (!files.every((file) => text(file).startsWith('data'))) refuse('bad-dataset', `${name}: truncated`);
  if (content.includes('huge')) refuse('out-of-memory', `${name}: more than fits the memory`);
  return { name, content };
}

class FakeScope extends EventTarget {
  readonly logged: unknown[][] = [];
  readonly console = { error: (...data: unknown[]) => void this.logged.push(data) };
  postMessage: WorkerScope['postMessage'] = () => {};
}

/** A worker in this very thread: the real `serve`, messages cloned and delivered later as between threads. */
export class FakeWorker extends EventTarget {
  readonly scope = new FakeScope();
  #engine: FakeEngine | undefined;
  terminated = false;
  readonly requests: Request['type'][] = [];

  constructor(host: (worker: FakeWorker) => Host) {
    super();
    this.scope.postMessage = (reply, transfer) => this.#deliver(this, reply, transfer);
    serve(this.scope as unknown as WorkerScope, host(this));
  }

  get engine(): FakeEngine {
    if (!this.#engine) throw new Error('no engine was opened in this worker');
    return this.#engine;
  }

  set engine(engine: FakeEngine) {
    this.#engine = engine;
  }

  postMessage(request: Request, transfer: Transferable[] = []): void {
    this.requests.push(request.type);
    this.#deliver(this.scope, request, transfer);
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Ends the engine as a Rust panic does inside a future: words on the console, a trap in the global scope. */
  panic(words: string, type: 'error' | 'unhandledrejection' = 'error'): void {
    this.scope.console.error(`panicked at src/web/engine.rs:7:5:\n${words}\n\nStack:\n\nError\n    at imports.wbg`);
    const trap = new WebAssembly.RuntimeError('unreachable');
    const event = new Event(type, { cancelable: true });
    this.scope.dispatchEvent(Object.assign(event, { error: trap, reason: trap, message: 'Uncaught unreachable' }));
  }

  #deliver(target: EventTarget, message: unknown, transfer: Transferable[] = []): void {
    const data: unknown = structuredClone(message, { transfer });
    setTimeout(() => {
      if (!this.terminated) target.dispatchEvent(new MessageEvent('message', { data }));
    });
  }
}

export interface Workers {
  all: FakeWorker[];
  /** Those that help an engine. */
  helpers: FakeWorker[];
  /** The newest. */
  last(): FakeWorker;
  make(): EngineWorker;
  makeHelper(): EngineWorker;
}

/** An adapter that can run the engine, or one that lacks something. */
export function fakeGpu(
  change: { features?: string[]; limits?: object; info?: object; software?: boolean; none?: boolean } = {},
): Gpu {
  const { features = ['timestamp-query'], limits = {}, info = {}, software = false, none = false } = change;
  const adapter = {
    features: new Set(features),
    limits: {
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupStorageSize: 16384,
      maxStorageBuffersPerShaderStage: 8,
      maxStorageBufferBindingSize: 134217728,
      ...limits,
    },
    info: { isFallbackAdapter: software, ...info },
  };
  return { requestAdapter: () => Promise.resolve(none ? null : adapter) };
}

/**
 * Makes workers with fake engines.
 *
 * @param prepare Called with every new engine and its worker before anything is asked of it; may throw.
 */
export function fakeWorkers(gpu?: Gpu, prepare: (engine: FakeEngine, worker: FakeWorker) => void = () => {}): Workers {
  const all: FakeWorker[] = [];
  const helpers: FakeWorker[] = [];
  const host = (worker: FakeWorker): Host => ({
    surroundings: { gpu, isSecureContext: true },
    loadEngine: async ({ wasm }, report) => {
      report(10, 20);
      report(20, 20);
      const engine = new FakeEngine(wasm.includes('/webgpu/') ? 'webgpu' : 'cpu', wasm);
      await new Promise((resolve) => setTimeout(resolve, 1));
      prepare(engine, worker);
      worker.engine = engine;
      return engine;
    },
    loadHelper: () => Promise.resolve({ takeNetwork() {}, work: () => new Uint8Array() }),
  });
  const makeIn = (list: FakeWorker[]) => () => {
    const worker = new FakeWorker(host);
    list.push(worker);
    return worker as unknown as EngineWorker;
  };
  return {
    all,
    helpers,
    last: () => {
      const last = all.at(-1);
      if (!last) throw new Error('no worker was made');
      return last;
    },
    make: makeIn(all),
    makeHelper: makeIn(helpers),
  };
}

/** What a gzip holds, as text. */
export const unzipped = (file: Uint8Array) => text(gunzipSync(file));
