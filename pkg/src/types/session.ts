import type { AttackInfo, AttackName } from '../attacks.js';
import type { AttackOptions, AttackReport } from './attacking.js';
import type {
  DatasetInfo,
  DatasetSource,
  LoadOptions,
  LoadProgress,
  Misfit,
  ModelInfo,
  Samples,
  SamplesOptions,
  ShippedName,
  Source,
} from './loaded.js';
import type { ResolvedConfig, RunConfig, UnlearnConfig, UnlearnEvent, UnlearnOptions } from './runs.js';
import type { EvaluateOptions, Evaluation, StoredEvaluations } from './scores.js';

/** Where the engine computes. */
export type DeviceKind = 'webgpu' | 'cpu';

/** How long devices take for a step of PURGE on 128 + 128 images, as trials have shown, in milliseconds. */
export interface Pace {
  webgpu: number;
  /** Whether `webgpu` is that of a smaller step, and 128 + 128 images take longer: it was slow enough. */
  atLeast?: boolean;
  /** With all workers; absent where no CPU could have been quicker than this GPU, so that none was asked. */
  cpu?: number;
}

/** The device a session got. */
export interface DeviceInfo {
  kind: DeviceKind;
  /** The adapter's own name, such as "apple m2" or "CPU (wasm, SIMD)". */
  name: string;
  /** Why it is not WebGPU; absent when it is, or when the CPU was asked for. */
  reason?: string;
  /** What `warmUp` has found with `device: 'auto'`, and decided by; absent before, and where there was no choice. */
  pace?: Pace;
  /** How many workers compute once a run has started; absent on WebGPU. */
  workers?: number;
}

export interface SessionOptions {
  /** Default: 'auto': WebGPU where it can run, else the CPU; `warmUp` may find that the CPU is quicker. */
  device?: 'auto' | DeviceKind;
  /**
   * How many workers compute on the CPU: the engine's own, and helpers that start with the first run, or once it is prepared.
   * Results do not depend on it. Default: one less than there are cores, but 2 of two; at most 8, or 2 or 4 where the browser
   * tells of little memory.
   */
  workers?: number;
  /** Hears of every download, and of files as they are read. What it throws is reported as an uncaught error. */
  onProgress?: (progress: LoadProgress) => void;
  /** Closes the session, also while it is being opened. */
  signal?: AbortSignal;
  /**
   * A folder that has the content of the package's `dist` and `assets`, relative to the page; default: beside this module,
   * or where the bundler puts them.
   */
  assets?: string | URL;
}

export interface WarmUpOptions {
  /** Gives it up. */
  signal?: AbortSignal;
}

/**
 * One engine in one worker: a device, a network, a dataset. Calls are answered in order; none need be awaited before the
 * next. All fail with a `PurgeError` and leave the session usable: if the engine itself has stopped (`device-lost`,
 * `out-of-memory`, `internal`), the next call starts a new one and brings it to the same point: network and data as they
 * were loaded, then what finished runs have made of the network. Only a run that was under way is gone; see `lost`.
 *
 * An option that no call knows, or one of another kind, fails with `bad-config`.
 */
export interface Session {
  /** Where it computes. A new engine after `device-lost` may get another device, and `warmUp` may choose the CPU. */
  readonly device: DeviceInfo;
  /** The network as it was loaded, or as `keep` left it. */
  readonly model: ModelInfo | undefined;
  /** The dataset loaded last. */
  readonly dataset: DatasetInfo | undefined;
  /**
   * Why the two do not go together, where they do not. Loading does not fail for it; evaluating and unlearning do, with
   * `bad-model`.
   */
  readonly misfit: Misfit | undefined;
  /**
   * What a crash has taken, in words: a run that was under way. Until `reset`, `loadModel` or `load`, everything that needs
   * the network (`exportModel`, `evaluate`, `unlearn`, `resolveConfig`, `keep`) refuses with `bad-state`.
   */
  readonly lost: string | undefined;
  /** Loads a network from a safetensors file; a bad one (`bad-model`) leaves the one before in place. */
  loadModel(source: Source): Promise<ModelInfo>;
  /** Loads a dataset; a bad one (`bad-dataset`) or one too large (`out-of-memory`) leaves the one before in place. */
  loadDataset(source: DatasetSource): Promise<DatasetInfo>;
  /**
   * Loads a network and a dataset, both or neither.
   *
   * @param what The two, or the name of a shipped pair.
   */
  load(
    what: ShippedName | { model: Source; dataset: DatasetSource },
    options?: LoadOptions,
  ): Promise<{ model: ModelInfo; dataset: DatasetInfo }>;
  /**
   * Where the shipped network is that was retrained without a class, for `evaluate({ model })`; undefined unless the
   * network was loaded by name and there is one for the class.
   *
   * @throws PurgeError `bad-config` for what is no class at all.
   */
  retrained(classIndex: number): URL | undefined;
  /** The first `count` samples of a class. */
  samples(options: SamplesOptions): Promise<Samples>;
  /** What a preset means for the loaded network. */
  resolveConfig(config: UnlearnConfig): Promise<ResolvedConfig>;
  /**
   * Evaluations of the network as it was loaded, or of `model`, on the data that are loaded, from a file that
   * `purge scores` has written. Undefined where the file is of another network or of other data, to go by their SHA-256, or
   * where nobody can tell: data that are no packed file, a page without HTTPS. They were measured when the file was made, not
   * here: say so where you show them.
   */
  stored(file: Source, options?: { model?: Source }): Promise<StoredEvaluations | undefined>;
  /**
   * Makes the GPU's pipelines while there is time, by steps on black images that change nothing. On the CPU there is nothing
   * to do. With `device: 'auto'` it also finds out, once, whether the GPU is quicker than the CPU with all its workers; where
   * it is not, or does not get through a step, the session goes on with the CPU, with all that it holds.
   *
   * Any other call that comes meanwhile, or `signal`, ends it early; what is under way then is at most a pass over a few
   * images. Another `warmUp` goes on from there.
   *
   * @returns The device that the session goes on with, whose `reason` and `pace` say why; undefined where it ended early, or
   *   in the middle of a run.
   */
  warmUp(options?: WarmUpOptions): Promise<DeviceInfo | undefined>;
  /** Computes what a run would begin with, so that it begins at once. On the CPU the run's helpers come with it. */
  prepare(): Promise<void>;
  /** What attacks there are, with their words and options. */
  readonly attacks: readonly AttackInfo[];
  /**
   * Finds out what a network still knows of a class. Calls that come meanwhile wait for its end. It changes nothing, also in
   * the middle of a run.
   */
  attack(name: AttackName, options: AttackOptions): Promise<AttackReport>;
  /** Every score of the network as it is now, also in the middle of a run, or of another one. */
  evaluate(options: EvaluateOptions): Promise<Evaluation>;
  /**
   * Pull to go on, stop pulling to pause, `return()` or `signal` to cancel. A signal ends it with a 'done' event whose stop
   * is 'cancelled'. Another run, a load, a reset or `keep` ends it too; pulling on then fails with `bad-state`. Whatever is
   * wrong with `config` or `options` fails the first pull. If only the scores at the end fail, what the run has made of the
   * network is there all the same, and `evaluate` can be asked for them.
   */
  unlearn(config: RunConfig, options?: UnlearnOptions): AsyncGenerator<UnlearnEvent, void, void>;
  /** The network as it is now, as safetensors. */
  exportModel(): Promise<Uint8Array>;
  /**
   * The dataset as it was read, as a packed file.
   *
   * @param options.light Only a few hundred images a class; default false.
   */
  exportDataset(options?: { light?: boolean }): Promise<Uint8Array>;
  /** Makes the network as it is now the loaded one, which `reset` comes back to. */
  keep(): Promise<ModelInfo>;
  /** Back to the network as it was loaded, or kept. */
  reset(): Promise<void>;
  /** Ends the worker; what is under way fails with `cancelled`. */
  close(): void;
}

/** Stable codes of everything that can go wrong. */
export type ErrorCode =
  | 'webgpu-unavailable'
  | 'device-lost'
  | 'out-of-memory'
  | 'bad-model'
  | 'bad-dataset'
  | 'bad-config'
  | 'bad-state'
  | 'cancelled'
  | 'network'
  | 'io'
  | 'internal';
