/*
 * The whole contract between the page's thread and the worker. The session asks one thing at a time; the worker answers
 * each request with any number of `progress` replies and then one `result` or `failure`, all with the request's id.
 */
import type { Failure } from './errors.js';
import type {
  DatasetInfo,
  DatasetSource,
  DeviceInfo,
  DeviceKind,
  EvaluateOptions,
  Evaluation,
  LoadProgress,
  ModelInfo,
  ProgressEvent,
  ResolvedConfig,
  Samples,
  StopReason,
  UnlearnConfig,
} from './types.js';

/** A file and the name to call it by. A blob crosses threads by reference, however large it is. */
export interface NamedFile {
  name: string;
  blob: Blob;
}

/** Which device can run the engine: the adapter's name where it says one, or why it is not WebGPU. */
export type DeviceChoice = { kind: 'webgpu'; name?: string } | { kind: 'cpu'; reason: string };

/** Where one of the two engine modules is served. */
export interface ModuleAddress {
  script: string;
  wasm: string;
}

/** The newest steps of a run, and why it is over if it is. */
export type Advance = ProgressEvent & { stop?: StopReason };

/** A run that has ended. */
export interface RunSummary {
  steps: number;
  violations: number;
  seconds: number;
  stop: StopReason;
}

/** What can be asked of the worker. `detect` needs no engine; all others but `open` need the engine that `open` makes. */
export type Command =
  | { type: 'detect'; software: boolean }
  | { type: 'open'; kind: DeviceKind; address: ModuleAddress }
  | { type: 'load-model'; file: NamedFile }
  | { type: 'load-dataset'; kind: DatasetSource['kind']; files: NamedFile[] }
  | { type: 'samples'; split: 'train' | 'test'; class: number; count: number }
  | { type: 'resolve-config'; config: UnlearnConfig }
  | { type: 'evaluate'; options: Omit<EvaluateOptions, 'model'>; model?: NamedFile }
  | { type: 'start'; config: UnlearnConfig }
  | { type: 'advance'; steps: number }
  | { type: 'finish'; stop?: StopReason }
  | { type: 'export' }
  | { type: 'reset' };

/** What each command gives. */
export interface Results {
  detect: DeviceChoice;
  open: DeviceInfo;
  'load-model': ModelInfo;
  'load-dataset': DatasetInfo;
  samples: Samples;
  'resolve-config': ResolvedConfig;
  evaluate: Evaluation;
  start: undefined;
  advance: Advance;
  finish: RunSummary;
  export: Uint8Array;
  reset: undefined;
}

/** Page to worker. */
export type Request = { id: number } & Command;

/** How a request ended. */
export type Outcome =
  | ({ type: 'failure' } & Failure)
  | { [K in Command['type']]: { type: 'result'; of: K; value: Results[K] } }[Command['type']];

/** Worker to page. */
export type Reply = { id: number } & ({ type: 'progress'; progress: LoadProgress } | Outcome);
