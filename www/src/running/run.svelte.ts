import type { DoneEvent, Evaluation, ResolvedConfig, StopReason, UnlearnConfig } from 'purge-unlearning';
import type { Held } from '../loading/loading.svelte';
import type { Ask } from '../session/connection.svelte';
import { Frames } from './frames';
import { Gate } from './gate';
import { emptyTrace, withEnd, withEvent, type Trace } from './trace';

/** What a run is about, once it begins. */
export interface RunStart {
  /** What the engine holds. */
  of: Held;
  classes: readonly number[];
  before: Evaluation | undefined;
  /** What the session is asked for. */
  runSettings: UnlearnConfig & { nonMembers: 'test' | 'val' };
  /** What that means, with every setting. */
  config: ResolvedConfig;
}

/** How a run ended. */
export interface RunResult {
  /** Absent where the engine stopped before it could be told. */
  stop?: StopReason;
  steps: number;
  /** The step after which the network is as it is now. */
  networkStep: number;
  violations?: number;
  seconds: number;
}

/** One run: from the wish to forget to what it has left. */
export class Run {
  of: Held | undefined = $state.raw();
  classes: readonly number[] = $state.raw([]);
  /** `waiting`: for the engine to be ready for it. */
  state: 'waiting' | 'running' | 'over' | 'failed' = $state('waiting');
  paused = $state(false);
  /** The last step is taken and what it left is being measured. */
  ending = $state(false);
  config: ResolvedConfig | undefined = $state.raw();
  trace: Trace = $state.raw(emptyTrace(undefined));
  result: RunResult | undefined = $state.raw();
  /** Evaluations of the network that it has left, by the unseen images compared with. */
  after: Partial<Record<'test' | 'val', Evaluation>> = $state.raw({});

  readonly #gate = new Gate();
  readonly #frames = new Frames();
  readonly #cancelled = new AbortController();

  /** @param single Take one step and pause. */
  constructor(before: Evaluation | undefined, single: boolean) {
    this.trace = emptyTrace(before);
    if (!single) return;
    this.pause();
    this.#gate.pass();
  }

  get underWay(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  /** Goes through with it. */
  async go(ask: Ask, { of, classes, before, runSettings, config }: RunStart): Promise<void> {
    const { signal } = this.#cancelled;
    this.state = 'running';
    this.of = of;
    this.classes = classes;
    this.config = config;
    this.trace = emptyTrace(before);
    const events = await ask(async (session) => session.unlearn(runSettings, { signal, ahead: () => !this.paused }));
    for (;;) {
      // Past the last step there is nothing to wait for.
      if (!this.ending) await this.#gate.through(signal);
      const { value: event, done } = await ask(() => events.next());
      if (done) return;
      if (event.type === 'done') this.#finish(event);
      else {
        const trace = withEvent(this.trace, event);
        this.#frames.ask(() => (this.trace = trace));
        const last = event.forgetAccuracy <= (config.targetForgetAccuracy ?? -1) || event.step >= event.maxSteps;
        // A step that was under way when the run was cancelled does not undo that.
        if (last) this.ending = true;
      }
    }
  }

  pause(): void {
    this.paused = true;
    this.#gate.shut();
  }

  resume(): void {
    this.paused = false;
    this.#gate.open();
  }

  /** One step of the paused run. */
  step(): void {
    this.#gate.pass();
  }

  cancel(): void {
    this.ending = true;
    this.#cancelled.abort();
  }

  /**
   * It has ended without its scores.
   *
   * @param kept Whether the session holds what it has made of the network.
   */
  fail(kept = false): void {
    this.#frames.now();
    const last = this.trace.events.at(-1);
    if (this.state !== 'running' || !kept || !last) {
      this.state = 'failed';
      return;
    }
    const { step, elapsedMs } = last;
    const stop = this.#cancelled.signal.aborted ? { stop: 'cancelled' as const } : {};
    this.result = { ...stop, steps: step, networkStep: step, seconds: elapsedMs / 1000 };
    this.state = 'over';
  }

  /** Takes an evaluation of the network that it has left. */
  evaluated(evaluation: Evaluation): void {
    this.after = { ...this.after, [evaluation.nonMemberSplit]: evaluation };
    if (this.result) this.trace = withEnd(this.trace, this.result.networkStep, evaluation);
  }

  #finish(event: DoneEvent): void {
    this.#frames.now();
    const { stop, steps, networkStep, violations, seconds } = event;
    this.result = { stop, steps, networkStep, seconds, ...(violations !== undefined && { violations }) };
    this.state = 'over';
    this.evaluated(event.evaluation);
  }
}
