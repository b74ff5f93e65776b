import type { DeviceKind, DoneEvent, Evaluation, StopReason } from 'purge-unlearning';
import type { About } from '../measuring/measurements.svelte';
import { Frames } from '../running/frames';
import type { Ask } from '../session/connection.svelte';
import { entryKey, type Entry } from './entries';

/** One run of a comparison, and what it came to. */
export class ComparedRun {
  readonly entry: Entry;
  readonly key: string;
  /** `waiting`: for its turn. */
  state: 'waiting' | 'running' | 'over' | 'failed' | 'cancelled' = $state('waiting');
  /** Steps so far, and at most. */
  progress: { step: number; maxSteps: number } | undefined = $state.raw();
  evaluation: Evaluation | undefined = $state.raw();
  stop: StopReason | undefined = $state.raw();
  seconds: number | undefined = $state.raw();
  /** Why it failed. */
  message = $state('');

  constructor(entry: Entry) {
    this.entry = entry;
    this.key = entryKey(entry);
  }

  get underWay(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  /** It waits for its turn, as if it had never been taken. */
  wait(): void {
    this.state = 'waiting';
    this.evaluation = this.stop = this.seconds = undefined;
    this.message = '';
  }

  finish({ evaluation, stop, seconds }: DoneEvent): void {
    this.evaluation = evaluation;
    this.stop = stop;
    this.seconds = seconds;
    this.state = 'over';
  }

  fail(message: string): void {
    this.message = message;
    this.state = 'failed';
  }
}

/** Runs of several methods from the same network on the same classes, one after the other. */
export class Comparison {
  readonly about: About;
  /** Where the runs were made; undefined before the first. */
  device: DeviceKind | undefined = $state();
  runs: readonly ComparedRun[] = $state.raw([]);
  readonly #frames = new Frames();
  #cancelled = new AbortController();

  constructor(about: About) {
    this.about = about;
  }

  get underWay(): boolean {
    return this.runs.some((run) => run.underWay);
  }

  /** The run under way, or the next one. */
  get next(): ComparedRun | undefined {
    return this.runs.find((run) => run.underWay);
  }

  /** Whether what it has found still holds for this. */
  isOf({ of, classes, nonMembers }: About, device: DeviceKind | undefined): boolean {
    const { about } = this;
    const alike = about.of === of && about.classes.join() === classes.join() && about.nonMembers === nonMembers;
    return alike && (this.device === undefined || this.device === device);
  }

  /** Asks for runs: for those that are not there, or all of them anew where nothing is missing. */
  want(entries: readonly Entry[]): void {
    this.#cancelled = new AbortController();
    const known = new Map(this.runs.map((run) => [run.key, run]));
    const wanted = entries.map((entry) => known.get(entryKey(entry)) ?? new ComparedRun(entry));
    const missing = wanted.filter((run) => run.state !== 'over');
    (missing.length > 0 ? missing : wanted).forEach((run) => run.wait());
    this.runs = [...this.runs, ...wanted.filter((run) => !known.has(run.key))];
  }

  /** Goes through with the next run, from the network as it was loaded. */
  async go(ask: Ask, run: ComparedRun): Promise<void> {
    const { signal } = this.#cancelled;
    const { method, preset, overrides } = run.entry;
    const { classes, nonMembers } = this.about;
    run.state = 'running';
    run.progress = undefined;
    await ask((session) => session.reset());
    const events = await ask(async (session) =>
      session.unlearn({ ...overrides, forgetClass: [...classes], method, preset, nonMembers }),
    );
    try {
      while (run.underWay && !signal.aborted) {
        const { value: event, done } = await ask(() => events.next());
        if (done) break;
        if (event.type === 'done') run.finish(event);
        else {
          const { step, maxSteps } = event;
          this.#frames.ask(() => (run.progress = { step, maxSteps }));
        }
      }
      if (run.underWay) run.state = 'cancelled';
    } finally {
      // Without its last event a run ends unmeasured. Where something has failed, that is what there is to tell of.
      await ask(() => events.return()).catch(() => undefined);
    }
  }

  /** Leaves it at what there is. */
  cancel(): void {
    this.#cancelled.abort();
    for (const run of this.runs) if (run.state === 'waiting') run.state = 'cancelled';
  }

  /** Nothing more will come of it. */
  end(): void {
    this.cancel();
    for (const run of this.runs) if (run.underWay) run.state = 'cancelled';
  }
}
