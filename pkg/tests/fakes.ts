import { expect } from 'vitest';
import type { EngineWorker } from '../src/connection.js';
import type { Gpu } from '../src/device.js';
import type { Engine } from '../src/engine.js';
import type { Request } from '../src/protocol.js';
import { serve, type Host, type WorkerScope } from '../src/serve.js';
import type {
  DatasetInfo,
  DatasetSource,
  DeviceKind,
  ErrorCode,
  Evaluation,
  ModelInfo,
  ProgressEvent,
  ResolvedConfig,
  StopReason,
  UnlearnConfig,
} from '../src/types.js';

/** The event loop turns often enough for messages to go there and back. */
export const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

/** A text that matches, inside an object to compare with; a bare pattern there would match anything. */
export const says = (pattern: RegExp) => expect.stringMatching(pattern) as unknown;

export const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** Fails as the engine does. */
export function refuse(code: ErrorCode, message: string): never {
  const object: unknown = { code, message };
  throw object;
}

/**
 * An engine without mathematics that keeps the contract: one call at a time, a good model is the text "model…", a good
 * dataset file "data…", and a run ends after `runLength` steps.
 */
export class FakeEngine implements Engine {
  readonly calls: string[] = [];
  readonly handedOut: Uint8Array[] = [];
  runLength = 3;
  /** Called in the middle of every call; may throw or never come back. */
  during: (call: string) => void | Promise<void> = () => {};
  #busy = false;
  #model: string | undefined;
  #data: string | undefined;
  #step: number | undefined;

  constructor(readonly kind: DeviceKind) {}

  device() {
    return { kind: this.kind, name: `fake ${this.kind}` };
  }

  loadModel(name: string, file: Uint8Array) {
    return this.#call(`loadModel ${name} ${text(file)}`, () => {
      if (!text(file).startsWith('model')) refuse('bad-model', `${name}: expected safetensors, found ${text(file)}`);
      this.#model = text(file);
      this.#step = undefined;
      return { architecture: 'small_cnn', dataset: text(file) } as ModelInfo;
    });
  }

  loadDataset(kind: DatasetSource['kind'], names: string[], files: Uint8Array[]) {
    return this.#call(`loadDataset ${kind} ${names} ${files.map(text)}`, () => {
      if (!files.every((file) => text(file).startsWith('data'))) refuse('bad-dataset', `${names[0]}: truncated`);
      this.#data = files.map(text).join();
      return { name: names[0] } as DatasetInfo;
    });
  }

  samples(split: string, classIndex: number, count: number) {
    return this.#call(`samples ${split} ${classIndex} ${count}`, () => {
      const pixels = new Uint8Array(count * 4).fill(classIndex);
      this.handedOut.push(pixels);
      return { count, channels: 1, height: 2, width: 2, pixels };
    });
  }

  resolveConfig(config: UnlearnConfig) {
    return this.#call('resolveConfig', () => ({ ...config, learningRate: 0.005 }) as ResolvedConfig);
  }

  evaluate(options: { forgetClass: number; nonMembers?: 'test' | 'val' }, model?: { name: string; bytes: Uint8Array }) {
    const other = model ? ` ${model.name} ${text(model.bytes)}` : '';
    return this.#call(`evaluate ${options.forgetClass} ${options.nonMembers ?? 'test'}${other}`, () => {
      if (!this.#model || !this.#data) refuse('bad-state', 'load a model and a dataset first');
      const classes = { forget: [options.forgetClass], forgotten: [] as number[] };
      return { classes, nonMemberSplit: options.nonMembers ?? 'test' } as Partial<Evaluation> as Evaluation;
    });
  }

  startUnlearning(config: UnlearnConfig) {
    return this.#call(`start ${JSON.stringify(config)}`, () => {
      if (!this.#model || !this.#data) refuse('bad-state', 'load a model and a dataset first');
      if (this.#step !== undefined) refuse('bad-state', 'a run is under way');
      this.#step = 0;
    });
  }

  advance(steps: number) {
    return this.#call(`advance ${steps}`, () => {
      if (this.#step === undefined) refuse('bad-state', 'no run');
      this.#step = Math.min(this.#step + steps, this.runLength);
      const stop = this.#step === this.runLength ? { stop: 'forget_target' as StopReason } : {};
      return { type: 'progress', step: this.#step, ...stop } as ProgressEvent & { stop?: StopReason };
    });
  }

  finish(stop?: StopReason) {
    return this.#call(`finish ${stop ?? ''}`.trimEnd(), () => {
      if (this.#step === undefined) refuse('bad-state', 'no run');
      const steps = this.#step;
      this.#step = undefined;
      return { steps, violations: 0, seconds: 1, stop: stop ?? 'forget_target' };
    });
  }

  exportModel() {
    return this.#call('exportModel', () => {
      const file = bytes(this.#model ?? '');
      this.handedOut.push(file);
      return file;
    });
  }

  reset() {
    return this.#call('reset', () => undefined);
  }

  async #call<T>(call: string, work: () => T): Promise<T> {
    if (this.#busy) throw new Error(`"${call}" came while another call was under way`);
    this.#busy = true;
    this.calls.push(call);
    try {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.during(call);
      return work();
    } finally {
      this.#busy = false;
    }
  }
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

  postMessage(request: Request): void {
    this.requests.push(request.type);
    this.#deliver(this.scope, request);
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
  /** The newest. */
  last(): FakeWorker;
  make(): EngineWorker;
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
  const host = (worker: FakeWorker): Host => ({
    surroundings: { gpu, isSecureContext: true },
    loadEngine: async ({ wasm }, report) => {
      report(10, 20);
      report(20, 20);
      const engine = new FakeEngine(wasm.includes('/webgpu/') ? 'webgpu' : 'cpu');
      await new Promise((resolve) => setTimeout(resolve, 1));
      prepare(engine, worker);
      worker.engine = engine;
      return engine;
    },
  });
  return {
    all,
    last: () => {
      const last = all.at(-1);
      if (!last) throw new Error('no worker was made');
      return last;
    },
    make: () => {
      const worker = new FakeWorker(host);
      all.push(worker);
      return worker as unknown as EngineWorker;
    },
  };
}
