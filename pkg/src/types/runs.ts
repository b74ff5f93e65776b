import type { MethodName, MethodSettings, PresetName, StopReason } from '../settings.js';
import type { ClassRoles, Evaluation } from './scores.js';

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
