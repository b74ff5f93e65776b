import type { StopReason } from '../settings.js';
import type { ClassRoles } from './scores.js';

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

/** What is being fetched or prepared. */
export interface LoadProgress {
  what: 'engine' | 'model' | 'dataset';
  loaded: number;
  /** Absent where the server does not say. */
  total?: number;
}
