import type { AttackName, AttackSettings } from '../attacks.js';
import type { Source } from './loaded.js';

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
