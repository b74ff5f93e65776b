import type { AttackName, AttackReport, DeviceKind, DoneEvent, Evaluation, StopReason } from 'purge-unlearning';
import type { About } from '../measuring/measurements.svelte';
import { Frames } from '../running/frames';
import type { Ask } from '../session/connection.svelte';
import { entryKey, type Entry } from './entries';
import { judges, type Judgement } from './judges';

/** The two networks that runs are held against. */
export type Yardstick = 'before' | 'retrained';

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
  /** What attacks came to, where they were made. */
  judgement: Judgement | undefined = $state.raw();
  /** Why it failed. */
  message = $state('');

  constructor(entry: Entry) {
    this.entry = entry;
    this.key = entryKey(entry);
  }

  get underWay(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  /** Whether something is missing of it, where its network shall be attacked too or need not. */
  lacks(judged: boolean): boolean {
    return this.state !== 'over' || (judged && !this.judgement);
  }

  /** It waits for its turn, as if it had never been taken. */
  wait(): void {
    this.state = 'waiting';
    this.evaluation = this.stop = this.seconds = this.judgement = undefined;
    this.message = '';
  }

  /** The run is over, and its network still to be attacked. */
  measured({ evaluation, stop, seconds }: DoneEvent): void {
    this.evaluation = evaluation;
    this.stop = stop;
    this.seconds = seconds;
  }

  finish(event: DoneEvent): void {
    this.measured(event);
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
  /** Whether each network is attacked too. */
  judged = $state(false);
  /** What attacks came to on the networks that runs are held against. */
  yardsticks: Partial<Record<Yardstick, Judgement>> = $state.raw({});
  /** The attack under way, and the yardstick that it is made on, if it is one. */
  judging: { attack: AttackName; yardstick: Yardstick | undefined } | undefined = $state.raw();
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

  /** A yardstick that is still to be attacked. */
  get missingYardstick(): Yardstick | undefined {
    const missing = (['before', 'retrained'] as const).find((yardstick) => !this.yardsticks[yardstick]);
    return this.judged && this.underWay ? missing : undefined;
  }

  /** Whether what it has found still holds for this. */
  isOf({ of, classes, nonMembers }: About, device: DeviceKind | undefined): boolean {
    const { about } = this;
    const alike = about.of === of && about.classes.join() === classes.join() && about.nonMembers === nonMembers;
    return alike && (this.device === undefined || this.device === device);
  }

  find(entry: Entry): ComparedRun | undefined {
    const key = entryKey(entry);
    return this.runs.find((run) => run.key === key);
  }

  /**
   * Asks for runs: for those that are not there, or all of them anew where nothing is missing.
   *
   * @param judged Whether the networks that they leave are attacked too; a run whose network was not is then missing.
   */
  want(entries: readonly Entry[], judged = false): void {
    this.#cancelled = new AbortController();
    this.judged = judged;
    // Of one that could not be attacked the attempt is made again.
    const told = Object.entries(this.yardsticks).filter(([, judgement]) => Object.keys(judgement).length > 0);
    this.yardsticks = Object.fromEntries(told);
    const wanted = entries.map((entry) => this.find(entry) ?? new ComparedRun(entry));
    const missing = wanted.filter((run) => run.lacks(judged));
    (missing.length > 0 ? missing : wanted).forEach((run) => run.wait());
    this.runs = [...this.runs, ...wanted.filter((run) => !this.runs.includes(run))];
  }

  /**
   * Attacks one of the networks that runs are held against.
   *
   * @param retrained The network that never saw the classes; without it nothing is said of it.
   */
  async judgeYardstick(ask: Ask, yardstick: Yardstick, retrained: File | undefined): Promise<void> {
    const there = yardstick === 'before' || retrained !== undefined;
    const judgement = there ? await this.#judge(ask, yardstick, retrained) : {};
    if (judgement) this.yardsticks = { ...this.yardsticks, [yardstick]: judgement };
  }

  /** Goes through with the next run, from the network as it was loaded. */
  async go(ask: Ask, run: ComparedRun): Promise<void> {
    const { signal } = this.#cancelled;
    let over: DoneEvent | undefined;
    const { method, preset, overrides } = run.entry;
    const { classes, nonMembers } = this.about;
    run.state = 'running';
    run.progress = undefined;
    await ask((session) => session.reset());
    const events = await ask(async (session) =>
      session.unlearn({ ...overrides, forgetClass: [...classes], method, preset, nonMembers }),
    );
    try {
      while (!over && run.underWay && !signal.aborted) {
        const { value: event, done } = await ask(() => events.next());
        if (done) break;
        if (event.type === 'done') over = event;
        else {
          const { step, maxSteps } = event;
          this.#frames.ask(() => (run.progress = { step, maxSteps }));
        }
      }
    } finally {
      // Without its last event a run ends unmeasured. Where something has failed, that is what there is to tell of.
      await ask(() => events.return()).catch(() => undefined);
    }
    if (!run.underWay) return;
    if (!over) {
      run.state = 'cancelled';
      return;
    }
    run.measured(over);
    if (this.judged) run.judgement = await this.#judge(ask, 'after', undefined);
    if (run.underWay) run.state = 'over';
  }

  /** Makes the attacks on a network; nothing where it was cancelled before all of them were made. */
  async #judge(ask: Ask, network: Yardstick | 'after', retrained: File | undefined): Promise<Judgement | undefined> {
    const { signal } = this.#cancelled;
    const judgement: Partial<Record<AttackName, AttackReport>> = {};
    const { classes, nonMembers } = this.about;
    const options = { forgetClass: [...classes], network, nonMembers, signal, ...(retrained && { retrained }) };
    try {
      for (const attack of judges) {
        if (signal.aborted) return undefined;
        this.judging = { attack, yardstick: network === 'after' ? undefined : network };
        judgement[attack] = await ask((session) => session.attack(attack, options));
      }
      return judgement;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      this.judging = undefined;
    }
  }

  /** Takes note of a failure: of the yardstick under attack, or of the run. */
  failed(message: string): void {
    const { missingYardstick } = this;
    // Nothing is said of it then; the runs still have their turn.
    if (missingYardstick) this.yardsticks = { ...this.yardsticks, [missingYardstick]: {} };
    else this.next?.fail(message);
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
