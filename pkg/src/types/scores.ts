import type { Source } from './loaded.js';

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
