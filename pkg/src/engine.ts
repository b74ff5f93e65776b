import { PurgeError, messageOf } from './errors.js';
import type { Crew } from './crew.js';
import { download, networkError, type Report } from './download.js';
import type { Helper } from './help.js';
import type { Advance, AttackRequest, AttackStep, ModuleAddress, RunSummary } from './protocol.js';
import type {
  DatasetInfo,
  DatasetSource,
  DeviceInfo,
  EvaluateOptions,
  Evaluation,
  Misfit,
  ModelInfo,
  ResolvedConfig,
  Samples,
  UnlearnConfig,
} from './types/index.js';

type Awaitable<T> = T | Promise<T>;

/** What an engine holds. */
export interface State {
  model?: ModelInfo;
  dataset?: DatasetInfo;
  /** Why the two do not go together. */
  misfit?: Misfit;
  /** Whether the network is no longer the one that was loaded. */
  changed: boolean;
  /** Whether a run is under way. */
  running: boolean;
}

/** The engine as the wasm module exports it. Never call it again before the call before has ended. */
export interface Engine {
  device(): Awaitable<DeviceInfo>;
  state(): Awaitable<State>;
  /** A bad file fails and changes nothing; a network that does not fit the data is loaded. */
  loadModel(name: string, bytes: Uint8Array): Awaitable<State>;
  /** Likewise. The network stays as it is. */
  loadDataset(kind: DatasetSource['kind'], names: string[], files: Uint8Array[]): Awaitable<State>;
  /** Both or neither. */
  load(
    modelName: string,
    model: Uint8Array,
    kind: DatasetSource['kind'],
    names: string[],
    files: Uint8Array[],
  ): Awaitable<State>;
  samples(split: string, classIndex: number, count: number): Awaitable<Samples>;
  resolveConfig(config: UnlearnConfig): Awaitable<ResolvedConfig>;
  evaluate(options: Omit<EvaluateOptions, 'model'>, model?: { name: string; bytes: Uint8Array }): Awaitable<Evaluation>;
  /** Prepares an attack, in place of one that is under way. */
  startAttack(name: string, options: AttackRequest, retrained?: { name: string; bytes: Uint8Array }): Awaitable<void>;
  /** Goes on with it for a while. */
  advanceAttack(): Awaitable<AttackStep>;
  /** Leaves it at that. */
  dropAttack(): Awaitable<void>;
  /** Computes what a run begins with, and keeps it. */
  prepare(): Awaitable<void>;
  /**
   * Takes a few steps on black images of this size, `batch` of either side, apart from all that is loaded.
   *
   * @param goesOn Asked now and then. At false that is the end, and the answer undefined.
   * @returns Milliseconds of a step.
   */
  rehearse(batch: number, height: number, width: number, goesOn: () => Promise<boolean>): Awaitable<number | undefined>;
  startUnlearning(config: UnlearnConfig): Awaitable<void>;
  advance(steps: number): Awaitable<Advance>;
  /** Takes the next step beforehand: it shows only when `advance` asks for it. */
  goAhead(): Awaitable<void>;
  /** Ends the run, as cancelled where it was not over. */
  finish(): Awaitable<RunSummary>;
  exportModel(): Awaitable<Uint8Array>;
  exportDataset(light: boolean): Awaitable<Uint8Array>;
  /** Makes what `exportModel` gave, of the same loaded network, the network as it is now. */
  restore(bytes: Uint8Array): Awaitable<State>;
  /** Makes the network as it is now the loaded one. */
  keep(): Awaitable<State>;
  reset(): Awaitable<State>;
  /** Lets helpers do a part of everything from now on. The engine for WebGPU has none. */
  setCrew?(crew: Crew): void;
}

interface EngineModule {
  default(input: { module_or_path: Response }): Promise<unknown>;
  Engine: { create(): Promise<Engine> };
  /** In the module for the CPU. */
  Helper?: { create(): Promise<Helper> };
}

/** Downloads one of the engine modules and makes its device. */
export async function loadEngine(address: ModuleAddress, report: Report): Promise<Engine> {
  return (await load(address, report)).Engine.create();
}

/** The same module for a helper. */
export async function loadHelper(address: ModuleAddress, report: Report): Promise<Helper> {
  const { Helper } = await load(address, report);
  if (!Helper) throw new PurgeError('internal', `${address.script} has no helper.`);
  return Helper.create();
}

async function load({ script, wasm }: ModuleAddress, report: Report): Promise<EngineModule> {
  const [module, bytes] = await Promise.all([importModule(script), download(wasm, report)]);
  // A server that does not know wasm would keep the browser from compiling while it downloads.
  const response = new Response(bytes.body, { headers: { 'content-type': 'application/wasm' } });
  await module.default({ module_or_path: response }).catch((error: unknown) => {
    throw error instanceof TypeError ? networkError(wasm, error) : error;
  });
  return module;
}

async function importModule(script: string): Promise<EngineModule> {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ script)) as EngineModule;
  } catch (error) {
    throw new PurgeError('network', `${script}: could not be loaded (${messageOf(error)})`, { cause: error });
  }
}
