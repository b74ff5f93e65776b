/** Where the engine computes. */
export type DeviceKind = 'webgpu' | 'cpu';

/** The device a session got. */
export interface DeviceInfo {
  kind: DeviceKind;
  /** The adapter's own name, such as "apple m2" or "CPU (wasm, SIMD)". */
  name: string;
  /** Why it is not WebGPU; absent when it is, or when the CPU was asked for. */
  reason?: string;
}

/** What a loaded network says of itself. */
export interface ModelInfo {
  architecture: 'small_cnn' | 'resnet18';
  /** The data it was trained on: "mnist", "pathmnist" or a name of the user's. */
  dataset: string;
  classNames: string[];
  channels: number;
  height: number;
  width: number;
  /** Channels after the first convolution. */
  baseWidth: number;
  norm: 'group' | 'batch';
  parameters: number;
  /** How many training samples of each class are members (from the first one on); absent: all. */
  membersPerClass?: number;
  /** The classes left out of training, for a retrained reference. */
  withoutClasses: number[];
  /** The classes that it was made to forget. */
  forgottenClasses: number[];
  epochs?: number;
  seed?: number;
  /** Accuracies in percent, as measured after training. */
  accuracies: Record<string, number>;
  /** The command that made the file. */
  command?: string;
}

/** What a loaded dataset says of itself. */
export interface DatasetInfo {
  /** "mnist", "pathmnist" or the file's name. */
  name: string;
  title: string;
  classNames: string[];
  channels: number;
  height: number;
  width: number;
  /** Samples a class in each split that is there, in class order. */
  counts: { train: number[]; val?: number[]; test: number[] };
  /** Per channel, on a scale of 0 to 1. */
  normalisation: { mean: number[]; std: number[] };
  /** Which samples are members, in words. */
  members: string;
  /** The splits that can serve as non-members. */
  nonMemberSplits: ('test' | 'val')[];
  source?: string;
  licence?: string;
  /** Pixels held in memory. */
  bytes: number;
}

/** Raw sample images, uint8, in N,C,H,W order. */
export interface Samples {
  count: number;
  channels: number;
  height: number;
  width: number;
  pixels: Uint8Array;
}

/** Bytes of a file, or where to get them. A `File` keeps its name for error messages. */
export type Source = string | URL | ArrayBuffer | Uint8Array | Blob;

/** A dataset: one file with everything, a file for each role, or files for training and for testing. */
export type DatasetSource =
  | { kind: 'packed' | 'medmnist'; file: Source }
  | { kind: 'idx' | 'stl10'; trainImages: Source; trainLabels: Source; testImages: Source; testLabels: Source }
  | { kind: 'cifar10' | 'cifar100'; train: Source | readonly Source[]; test: Source }
  | { kind: 'svhn'; train: Source; test: Source };

/** One membership attack: members are D_f, non-members unseen samples of the same class. */
export interface Attack {
  /** Area under the ROC curve: 0.5 is chance. */
  auroc: number;
  /** [false positive rate, true positive rate], from [0, 0] to [1, 1]. */
  roc: [number, number][];
  histogram: { edges: number[]; members: number[]; nonMembers: number[] };
}

/** Which classes a run or an evaluation is about; the others are retained. */
export interface ClassRoles {
  /** The classes to forget. */
  forget: number[];
  /** What earlier runs forgot: neither in D_f nor in D_r. */
  forgotten: number[];
}

/** Every score of one network. Accuracies are percent. */
export interface Evaluation {
  classes: ClassRoles;
  /** Whole test set. */
  ta: number;
  /** Retained classes of the test set. */
  taRetained: number;
  /** D_f, the forgotten classes' training samples. */
  fa: number;
  /** The forgotten classes' test samples. */
  faTest: number;
  /** Training samples of what earlier runs forgot; 0 where there are none. */
  faEarlier: number;
  /** D_r, the other training samples. */
  ra: number;
  /** 100 − fa. */
  ua: number;
  /** Mean cross-entropy on D_r, in nats. */
  retainLoss: number;
  /** Membership inference: the AUROC of both attacks and their mean. Never show it without `fa`. */
  mia: { loss: number; confidence: number; mean: number };
  attacks: { loss: Attack; confidence: Attack };
  members: number;
  nonMembers: number;
  nonMemberSplit: 'test' | 'val';
  /** Rows are true classes, columns predicted ones; counts on the test set. */
  confusion: number[][];
  /** The same on the training members. */
  confusionTrain: number[][];
  seconds: number;
}

/** What `evaluate` needs to know. */
export interface EvaluateOptions {
  /** One class, or several. */
  forgetClass: number | readonly number[];
  /** Default: 'test'. */
  nonMembers?: 'test' | 'val';
  /** Evaluate this network instead of the session's own (a retrained reference); the session keeps its own. */
  model?: Source;
}

/** Which forgetting loss PURGE uses. */
export type Objective = 'retain_confusion' | 'uniform' | 'gradient_ascent' | 'conditional';

/** Settings of a PURGE run, in the paper's symbols. Any left out comes from `preset`. */
export interface UnlearnConfig {
  /** One class, or several at once. What earlier runs of the session forgot stays forgotten. */
  forgetClass: number | readonly number[];
  /** Default: 'strict'. 'authors' has the authors' raw values, which belong to ResNet-18. */
  preset?: 'published' | 'strict' | 'authors';
  objective?: Objective;
  /** η */
  learningRate?: number;
  /** Epoch limit: passes over D_f. */
  epochs?: number;
  /** Ours: the epoch limit holds from this many steps on; 0 as published. */
  minSteps?: number;
  /** λ, weight of the representation loss. */
  representationWeight?: number;
  /** β, weight of the distillation loss. */
  kdWeight?: number;
  /** T */
  temperature?: number;
  /** c, global gradient norm; 0 turns clipping off. */
  maxGradNorm?: number;
  /** α, the retain budget: stop when the retain loss exceeds α times its first value. */
  retainBudget?: number;
  /** Ours: how many samples of D_r the retain budget is judged on; 0 for all, as published. */
  budgetSamples?: number;
  /** Ours: the retain budget is at least this, in nats; 0 as published. */
  budgetFloor?: number;
  /** γ, the entropy gate; 0 turns it off. */
  forgetGate?: number;
  /** μ */
  momentum?: number;
  /** w */
  weightDecay?: number;
  /** B */
  batchSize?: number;
  /** Samples in a pass: larger batches go through in parts, with the same result in less memory; 0: what fits 1.5 GB. */
  samplesAtOnce?: number;
  /** N: forget accuracy is checked every N steps. */
  checkEvery?: number;
  /** Stop when forget accuracy on D_f is at most this, in percent. */
  targetForgetAccuracy?: number;
  /** Ours: how many samples of D_f are checked between the ends of epochs, before a last look at all; 0 for all, as published. */
  targetSamples?: number;
  /** A-GEM projection. */
  projection?: boolean;
  /** Ours: project the final direction, after momentum and decay. */
  strict?: boolean;
  /** ρ, ours: share of the retain gradient that is added. */
  retainShare?: number;
  seed?: number;
}

/** A resolved configuration: no field left out. */
export type ResolvedConfig = Required<UnlearnConfig> & { classes: ClassRoles };

/** Why a run ended. */
export type StopReason = 'forget_target' | 'retain_budget' | 'epoch_limit' | 'cancelled' | 'nothing_to_forget';

/** The three directions of one step, for the dial: norms, and the angle between gradients. */
export interface StepScalars {
  step: number;
  retainCe: number;
  retainKd: number;
  forgetCe: number;
  forgetObjective: number;
  representation: number;
  forgetEntropy: number;
  /** ⟨g_f, g_r⟩ before projection. */
  dot: number;
  /** ‖g_r‖² */
  retainSqNorm: number;
  /** ‖g_f‖² */
  forgetSqNorm: number;
  /** cos(g_f, g_r) */
  cosine: number;
  /** ‖g‖ after projection, before clipping. */
  updateNorm: number;
  /** cos(final direction, g_r): below 0 the step violates the guarantee. */
  updateCosine: number;
  projected: boolean;
  retainOnly: boolean;
  violation: boolean;
  /** Percent of the retain batch, before the step. */
  retainAccuracy: number;
  /** Percent of the forget batch, before the step. */
  forgetAccuracy: number;
}

export interface ProgressEvent {
  type: 'progress';
  /** Steps done. */
  step: number;
  /** Passes over D_f begun, from 1. */
  epoch: number;
  /** Steps in one epoch, and in the whole run if nothing stops it early. */
  stepsPerEpoch: number;
  maxSteps: number;
  /** Percent, on D_f; of the newest check. */
  forgetAccuracy: number;
  /** Mean cross-entropy of the newest retain batch. */
  retainLoss: number;
  /** Accuracy in percent on the newest retain batches. */
  retainAccuracy: number;
  /** Share of the steps so far that were projected, 0 to 1. */
  projectedShare: number;
  /** Share of the steps so far whose final direction went against g_r, 0 to 1. */
  violationShare: number;
  /** cos(g_f, g_r) of the newest step. */
  cosine: number;
  elapsedMs: number;
  /** Every step since the event before. */
  steps: StepScalars[];
}

export interface DoneEvent {
  type: 'done';
  stop: StopReason;
  steps: number;
  /** Steps whose final direction went against g_r. */
  violations: number;
  seconds: number;
  evaluation: Evaluation;
}

export type UnlearnEvent = ProgressEvent | DoneEvent;

/** What is being fetched or prepared. */
export interface LoadProgress {
  what: 'engine' | 'model' | 'dataset';
  loaded: number;
  /** Absent where the server does not say. */
  total?: number;
}

export interface SessionOptions {
  /** Default: 'auto': WebGPU where it can run, else the CPU. */
  device?: 'auto' | DeviceKind;
  /** Hears of every download, and of files as they are read. */
  onProgress?: (progress: LoadProgress) => void;
  /** Closes the session, also while it is being opened. */
  signal?: AbortSignal;
  /** Where the package's `dist` folder is served; default: beside this module, or where the bundler puts it. */
  assets?: string | URL;
}

export interface UnlearnOptions {
  /** Cancels the run; the network stays as it is at that step. */
  signal?: AbortSignal;
  /** Steps between two progress events; default 1. A check always ends one. */
  stepsPerEvent?: number;
}

/**
 * One engine in one worker: a device, a network, a dataset. Calls are answered in order; none need be awaited before the
 * next. All fail with a `PurgeError` and leave the session usable: if the engine itself has stopped (`device-lost`,
 * `out-of-memory`, `internal`), the next call starts a new one and loads network and dataset again, as they were loaded.
 */
export interface Session {
  /** Where it computes. A new engine after `device-lost` may get another device. */
  readonly device: DeviceInfo;
  /** The network loaded last. */
  readonly model: ModelInfo | undefined;
  /** The dataset loaded last. */
  readonly dataset: DatasetInfo | undefined;
  /** Loads a network from a safetensors file; a bad one (`bad-model`) leaves the one before in place. */
  loadModel(source: Source): Promise<ModelInfo>;
  /** Loads a dataset; a bad one (`bad-dataset`) leaves the one before in place. */
  loadDataset(source: DatasetSource): Promise<DatasetInfo>;
  /** The first `count` samples of a class; default split: 'train'. */
  samples(options: { class: number; count: number; split?: 'train' | 'test' }): Promise<Samples>;
  /** What a preset means for the loaded network. */
  resolveConfig(config: UnlearnConfig): Promise<ResolvedConfig>;
  /** Every score of the network as it is now, also in the middle of a run, or of another one. */
  evaluate(options: EvaluateOptions): Promise<Evaluation>;
  /**
   * Pull to go on, stop pulling to pause, `return()` or `signal` to cancel. A signal ends it with a 'done' event whose stop
   * is 'cancelled'. Another run, a load or a reset ends it too; pulling on then fails with `bad-state`.
   */
  unlearn(
    config: UnlearnConfig & { nonMembers?: 'test' | 'val' },
    options?: UnlearnOptions,
  ): AsyncGenerator<UnlearnEvent, void, void>;
  /** The network as it is now, as safetensors. */
  exportModel(): Promise<Uint8Array>;
  /** Back to the network as it was loaded. */
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
