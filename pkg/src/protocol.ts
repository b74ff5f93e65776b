/*
 * The whole contract between the page's thread and the worker. The session asks one thing at a time; the worker answers
 * each request with any number of `progress` replies and then one `result` or `failure`, all with the request's id.
 */
import type { AttackName, AttackSettings } from './attacks.js';
import type { State } from './engine.js';
import type { Failure } from './errors.js';
import type { StopReason } from './settings.js';
import type {
  AttackCurve,
  AttackHistogram,
  AttackNumber,
  AttackOptions,
  DatasetSource,
  DeviceInfo,
  DeviceKind,
  DoneEvent,
  EvaluateOptions,
  Evaluation,
  LoadProgress,
  ProgressEvent,
  ResolvedConfig,
  Samples,
  UnlearnConfig,
} from './types/index.js';

/** A file and the name to call it by. A blob crosses threads by reference, however large it is. */
export interface NamedFile {
  name: string;
  blob: Blob;
}

/** Which device can run the engine: the adapter's name where it says one, or why it is not WebGPU. */
export type DeviceChoice = { kind: 'webgpu'; name?: string } | { kind: 'cpu'; reason: string };

/** Where one of the engine modules is served. */
export interface ModuleAddress {
  script: string;
  wasm: string;
}

/** The newest steps of a run, and why it is over if it is. */
export type Advance = ProgressEvent & { stop?: StopReason };

/** A run that has ended. */
export type RunSummary = Omit<DoneEvent, 'type' | 'evaluation'>;

/** An attack's options as they can be posted. */
export type AttackRequest = Pick<AttackOptions, 'forgetClass' | 'network' | 'nonMembers'> & AttackSettings;

/** What an attack came to, as the engine tells it: without the words. */
export interface BareReport {
  attack: AttackName;
  options: AttackSettings;
  numbers: Omit<AttackNumber, 'label' | 'unit'>[];
  curves: Omit<AttackCurve, 'label' | 'x' | 'y'>[];
  histograms: Omit<AttackHistogram, 'label'>[];
  /** Their keys. */
  notes: string[];
  seconds: number;
}

/** How an attack stands, and what it came to once it is over. */
export interface AttackStep {
  share: number;
  report?: BareReport;
}

/** The files of a dataset, in the order in which the engine takes them. */
export interface DatasetFiles {
  kind: DatasetSource['kind'];
  files: NamedFile[];
}

/**
 * What can be asked of the worker. `detect` needs no engine; all others but `open` need the engine that `open` makes. A worker
 * that is asked to `help` has no engine: it does parts for that of another worker, until it shall `leave`.
 */
export type Command =
  | { type: 'detect'; software: boolean }
  | { type: 'open'; kind: DeviceKind; address: ModuleAddress }
  | { type: 'load-model'; model: NamedFile }
  | { type: 'load-dataset'; dataset: DatasetFiles }
  | { type: 'load'; model: NamedFile; dataset: DatasetFiles }
  | { type: 'restore'; network: NamedFile }
  | { type: 'samples'; split: string; class: number; count: number }
  | { type: 'resolve-config'; config: UnlearnConfig }
  | { type: 'evaluate'; options: Omit<EvaluateOptions, 'model'>; model?: NamedFile }
  | { type: 'start-attack'; name: AttackName; options: AttackRequest; retrained?: NamedFile }
  | { type: 'advance-attack' }
  | { type: 'drop-attack' }
  | { type: 'prepare' }
  /** Steps on black images, apart from all that is loaded; ends early at `give-up`. */
  | { type: 'rehearse'; batch: number; height: number; width: number }
  | { type: 'start'; config: UnlearnConfig }
  /** `ahead`: the worker goes on with a step more once it has answered, which the next `advance` then has at once. */
  | { type: 'advance'; steps: number; ahead: boolean }
  | { type: 'finish' }
  | { type: 'export' }
  | { type: 'export-dataset'; light: boolean }
  | { type: 'keep' }
  | { type: 'reset' }
  | { type: 'hire'; helpers: { id: number; port: MessagePort }[] }
  | { type: 'help'; address: ModuleAddress; port: MessagePort }
  | { type: 'leave' };

/** What each command gives. */
export interface Results {
  detect: DeviceChoice;
  open: DeviceInfo;
  'load-model': undefined;
  'load-dataset': undefined;
  load: undefined;
  restore: undefined;
  samples: Samples;
  'resolve-config': ResolvedConfig;
  evaluate: Evaluation;
  'start-attack': undefined;
  'advance-attack': AttackStep;
  'drop-attack': undefined;
  prepare: undefined;
  /** Milliseconds of a step; undefined where it was given up. */
  rehearse: number | undefined;
  start: undefined;
  advance: Advance;
  /** With the network that the run has made, so that it outlives the engine. */
  finish: { summary: RunSummary; network: Uint8Array };
  export: Uint8Array;
  'export-dataset': Uint8Array;
  keep: undefined;
  reset: undefined;
  /** Helpers that no longer answer, and were let go. */
  hire: number[];
  help: undefined;
  leave: undefined;
}

/** Page to worker; with `give-up` the request of that id may end early, and nothing else answers it. */
export type Request = { id: number } & (Command | { type: 'give-up' });

/** How a request ended. */
export type Outcome =
  | ({ type: 'failure' } & Failure)
  | { [K in Command['type']]: { type: 'result'; of: K; value: Results[K] } }[Command['type']];

/** Worker to page. An engine that lives says with every end of a command that may change it how it is after it. */
export type Reply = { id: number } & ({ type: 'progress'; progress: LoadProgress } | (Outcome & { state?: State }));
