import type { AttackInfo, AttackName, AttackSettings } from './attacks.js';
import type { MethodName, MethodSettings, PresetName, StopReason } from './settings.js';

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

/** Why the network and the data that are loaded do not go together. */
export interface Misfit {
  /** What would go with the data. */
  expected: string;
  /** What the network is. */
  found: string;
  /** Both in a sentence. */
  message: string;
}

/** A run that made a network what it is, as its file tells of it. */
export interface UnlearnRecord {
  method: string;
  preset: string;
  classes: ClassRoles;
  settings: Record<string, unknown>;
  steps: number;
  stop?: StopReason;
  /** Forget accuracy after it, percent. */
  fa?: number;
  /** Retain accuracy after it, percent. */
  ra?: number;
}

/** What a loaded network says of itself. */
export interface ModelInfo {
  /** The file's name. */
  name: string;
  architecture: 'small_cnn' | 'resnet18';
  /** The data it was trained on: "mnist", "pathmnist" or a name of the user's. */
  dataset: string;
  /** How many classes it tells apart. */
  classes: number;
  /** One for each class: "class 0" where nobody named it. */
  classNames: string[];
  channels: number;
  /** Of the images it was trained on; 0 where the file does not say. */
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
  /** The classes that it was made to forget before it was loaded. */
  forgottenClasses: number[];
  /** The runs that made it, the first one first. */
  history: UnlearnRecord[];
  /** Why it does not go with the data that are loaded, where it does not. */
  misfit?: Misfit;
  epochs?: number;
  seed?: number;
  /** Accuracies in percent, as measured after training. */
  accuracies: Record<string, number>;
  /** The command that made the file. */
  command?: string;
}

/** What a loaded dataset says of itself; counts, members and shape as they are with the network, where the two fit. */
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
  /** Why it does not go with the network that is loaded, where it does not. */
  misfit?: Misfit;
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

/** A data set that networks are shipped for. MNIST comes with the package, PathMNIST has to be served beside it. */
export type ShippedName = 'mnist' | 'pathmnist';

export interface LoadOptions {
  /** Which of the shipped networks: how it keeps its activations in range. Default: 'group'. */
  norm?: 'group' | 'batch';
}

/** Samples of a class, from the first one on. */
export interface SamplesOptions {
  class: number;
  count: number;
  /** Default: 'train'. */
  split?: 'train' | 'val' | 'test';
}

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
  /**
   * Membership inference: the AUROC of both attacks and their mean, for each forgotten class and averaged over them. Never
   * show it without `fa`.
   */
  mia: {
    loss: number;
    confidence: number;
    mean: number;
    byClass: {
      class: number;
      loss: number;
      confidence: number;
      mean: number;
      members: number;
      nonMembers: number;
    }[];
  };
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
  /** The session's network as it is now, the default, or as it was loaded. Not together with `model`. */
  network?: 'current' | 'loaded';
}

/** Evaluations that were made earlier, somewhere else. */
export interface StoredEvaluations {
  /** Where. */
  device: string;
  /** Each for other classes to forget. */
  evaluations: Evaluation[];
}

/** How far an attack is. */
export interface AttackProgress {
  attack: AttackName;
  /** How much of it is done, 0 to 1. */
  share: number;
}

/** What `attack` needs to know. What the attack itself can be told is in `session.attacks`; any left out has its default. */
export interface AttackOptions extends AttackSettings {
  /** One class, or several: what the network shall have forgotten. */
  forgetClass: number | readonly number[];
  /** Which network: as it was loaded, as it is now (the default), or the one that was retrained without the class. */
  network?: 'before' | 'after' | 'retrained';
  /** Where the non-members of `membership` and `compare` come from: `'test'` by default. */
  nonMembers?: 'test' | 'val';
  /**
   * The network retrained without the class. With it, numbers have a `reference`, and the attack takes twice as long. Where
   * nothing can be said without it, and for `network: 'retrained'`, the default is the shipped one, if there is one.
   */
  retrained?: Source;
  /** Ends it; the promise then fails with `cancelled`. */
  signal?: AbortSignal;
  /** Hears how far it is. What it throws is reported as an uncaught error. */
  onProgress?: (progress: AttackProgress) => void;
}

/** A number that an attack gave. */
export interface AttackNumber {
  /** Its name: see `numbers` of its `AttackInfo`. */
  key: string;
  /** What it is, in a few words. */
  label: string;
  /** What it counts, such as "%"; empty for none. */
  unit: string;
  /** Of what, where there are several: a class's name, a draw, a layer; of the worst score its key and the class. */
  of?: string;
  value: number;
  /** Its 95 % interval, where it has one. */
  interval?: [number, number];
  /** The same number of the retrained network, where that was given. */
  reference?: number;
}

/** A curve that an attack gave. */
export interface AttackCurve {
  key: string;
  label: string;
  /** What its points have first, and second. */
  x: string;
  y: string;
  /** Of the retrained network, and not of the one under attack. */
  ofReference: boolean;
  /** x ascending. */
  points: [number, number][];
}

/** Scores of members and of non-members, or of images of the class (as members) and of the others. */
export interface AttackHistogram {
  /** The number that it belongs to. */
  key: string;
  label: string;
  histogram: { edges: number[]; members: number[]; nonMembers: number[] };
}

/** What an attack came to. */
export interface AttackReport {
  attack: AttackName;
  /** All that could be chosen about it, as it was. */
  options: AttackSettings;
  /** All finite; what is undefined is left out. */
  numbers: AttackNumber[];
  curves: AttackCurve[];
  histograms: AttackHistogram[];
  /** What is to be said of the numbers, in sentences. */
  notes: { key: string; sentence: string }[];
  seconds: number;
}

/** Which forgetting loss PURGE uses. */
export type Objective = NonNullable<MethodSettings['objective']>;

/** A run: what to forget and how. Settings left out come from the preset. */
export interface UnlearnConfig extends MethodSettings {
  /** One class, or several at once. What earlier runs of the session forgot stays forgotten. */
  forgetClass: number | readonly number[];
  /** Default: 'purge'. */
  method?: MethodName;
  /** Default: the method's own, for PURGE 'strict'. */
  preset?: PresetName;
}

/** A resolved configuration: every setting that the method has. It is itself one that a run can be started with. */
export interface ResolvedConfig extends MethodSettings {
  method: MethodName;
  preset: PresetName;
  forgetClass: number[];
  classes: ClassRoles;
}

/** What `unlearn` takes: the run, and the non-members of the scores after it. */
export interface RunConfig extends UnlearnConfig {
  /** Default: 'test'. */
  nonMembers?: 'test' | 'val';
}

/** What one step was; which of these there are, the method says. Losses are means over the batch, in nats. */
export interface StepScalars {
  [scalar: string]: number | boolean | undefined;
  /** From 1. */
  step: number;
  retainCe?: number;
  retainKd?: number;
  forgetCe?: number;
  forgetObjective?: number;
  representation?: number;
  forgetEntropy?: number;
  /** ⟨g_f, g_r⟩ before projection. */
  dot?: number;
  /** ‖g_r‖² */
  retainSqNorm?: number;
  /** ‖g_f‖² */
  forgetSqNorm?: number;
  /** cos(g_f, g_r) */
  cosine?: number;
  /** ‖g‖ after projection, before clipping. */
  updateNorm?: number;
  /** cos(final direction, g_r): below 0 the step violates the guarantee. */
  updateCosine?: number;
  projected?: boolean;
  retainOnly?: boolean;
  violation?: boolean;
  /** Percent of the retain batch, before the step. */
  retainAccuracy?: number;
  /** Percent of the forget batch, before the step. */
  forgetAccuracy?: number;
  /** NegGrad+: α · CE(z_r, y_r) − (1 − α) · CE(z_f, y_f) */
  loss?: number;
  /** Methods whose batches are of D_f, of D_r or of both: cross-entropy with the labels that the batch is taught. */
  batchCe?: number;
  /** Percent of such a batch that is answered as it is taught, before the step. */
  batchAccuracy?: number;
  /** Percent of such a batch that is to be forgotten. */
  forgetShare?: number;
  /** From a teacher, of such a batch: SCRUB's T² · KL(σ(z₀/T) ‖ σ(z/T)), Bad Teacher's KL(t ‖ σ(z/T)). */
  divergence?: number;
  /** ℓ1-sparse: α_e, by which all weights are drawn to zero. */
  pull?: number;
  /** Retraining: η, which changes from step to step. */
  rate?: number;
  /** SSD: percent of the weights that were shrunk, and the mean factor of those. */
  dampened?: number;
  dampeningMean?: number;
  /** Boundary shrink: cross-entropy with the neighbour's label, percent that is answered so, and percent of D_f that has another one than its own. */
  neighbourCe?: number;
  neighbourAccuracy?: number;
  flipped?: number;
  /** UNSIR: noise is among the batch. */
  impairing?: boolean;
  /** deep: L_cm. */
  classMeans?: number;
  /** With `certificate`: ⟨update, g_r⟩, in nats; under 0 the step does the rest no harm, to first order. */
  certificateDot?: number;
  /** With `certificate`: how the loss has changed on the step's retain batch, and on another one that is always the same. */
  retainChange?: number;
  retainChangeFixed?: number;
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
  /** Percent, on D_f or a part of it; of the newest check. Between checks `steps` have that of their batches. */
  forgetAccuracy: number;
  /** The step after which that check was made; 0: before the first. */
  checkedStep: number;
  /** Mean cross-entropy of the newest retain batch; absent, as accuracy is, where the method looks at none. */
  retainLoss?: number;
  /** Accuracy in percent on the newest retain batches. */
  retainAccuracy?: number;
  /** UNSIR: share of the steps so far that had noise among their batch, 0 to 1. */
  impairingShare?: number;
  /** PURGE: share of the steps so far that were projected, 0 to 1. */
  projectedShare?: number;
  /** PURGE: share of the steps so far whose final direction went against g_r, 0 to 1. */
  violationShare?: number;
  /** PURGE: cos(g_f, g_r) of the newest step. */
  cosine?: number;
  elapsedMs: number;
  /** Every step since the event before. */
  steps: StepScalars[];
}

export interface DoneEvent {
  type: 'done';
  stop: StopReason;
  steps: number;
  /** The step after which the network is as it is now: fewer than `steps` only where the run diverged. */
  networkStep: number;
  /** PURGE: steps whose final direction went against g_r. */
  violations?: number;
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

export interface UnlearnOptions {
  /** Cancels the run; the network stays as it is at that step. */
  signal?: AbortSignal;
  /** Steps between two progress events; default 1. A check always ends one. */
  stepsPerEvent?: number;
  /**
   * Asked before each event: whether the engine may be at the next step while the event is looked at; default always. That
   * step counts only once it is pulled, so a run that is paused or cancelled is where its last event says. But another call
   * waits for it, so whoever knows that a pause comes says no.
   */
  ahead?: () => boolean;
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
