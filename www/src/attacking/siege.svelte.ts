import type { AttackName, AttackReport, DeviceKind } from 'purge-unlearning';
import type { About } from '../measuring/measurements.svelte';
import { Frames } from '../running/frames';
import type { Run } from '../running/run.svelte';
import type { Ask } from '../session/connection.svelte';

export type Attacked = 'before' | 'after' | 'retrained';

/** What is to be attacked how. */
export interface Target {
  attack: AttackName;
  network: Attacked;
  /** The run that has left the network. */
  run?: Run;
}

/** An attack on one network, and what it came to. */
export class Trial {
  readonly target: Target;
  /** `waiting`: for its turn. */
  state: 'waiting' | 'running' | 'over' | 'failed' | 'cancelled' = $state('waiting');
  /** How much of it is done, 0 to 1. */
  share = $state(0);
  report: AttackReport | undefined = $state.raw();
  /** Why it failed. */
  message = $state('');

  constructor(target: Target) {
    this.target = target;
  }

  get underWay(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  isOf({ attack, network, run }: Target): boolean {
    const { target } = this;
    return target.attack === attack && target.network === network && target.run === run;
  }

  wait(): void {
    this.state = 'waiting';
    this.share = 0;
    this.report = undefined;
    this.message = '';
  }

  fail(message: string): void {
    this.message = message;
    this.state = 'failed';
  }
}

/** Attacks on the networks of one set of classes, one after the other. */
export class Siege {
  readonly about: About;
  readonly device: DeviceKind | undefined;
  trials: readonly Trial[] = $state.raw([]);
  readonly #frames = new Frames();
  #cancelled = new AbortController();

  constructor(about: About, device: DeviceKind | undefined) {
    this.about = about;
    this.device = device;
  }

  get underWay(): boolean {
    return this.trials.some((trial) => trial.underWay);
  }

  /** The attack under way, or the next one. */
  get next(): Trial | undefined {
    return this.trials.find((trial) => trial.underWay);
  }

  /** Whether what it has found still holds for this. */
  isOf({ of, classes, nonMembers }: About, device: DeviceKind | undefined): boolean {
    const { about } = this;
    const alike = about.of === of && about.classes.join() === classes.join() && about.nonMembers === nonMembers;
    return alike && this.device === device;
  }

  find(target: Target): Trial | undefined {
    return this.trials.find((trial) => trial.isOf(target));
  }

  /** Asks for attacks; those that have been made are made again. What is about runs that are gone is let go. */
  want(targets: readonly Target[], run: Run | undefined): void {
    this.#cancelled = new AbortController();
    const kept = this.trials.filter((trial) => trial.target.run === undefined || trial.target.run === run);
    const wanted = targets.map((target) => this.find(target) ?? new Trial(target));
    wanted.forEach((trial) => trial.wait());
    this.trials = [...kept.filter((trial) => !wanted.includes(trial)), ...wanted];
  }

  /**
   * Goes through with the next attack.
   *
   * @param retrained The network that never saw the classes, where the attack needs it.
   */
  async go(ask: Ask, trial: Trial, retrained: File | undefined): Promise<void> {
    const { signal } = this.#cancelled;
    const { attack, network } = trial.target;
    trial.state = 'running';
    const options = {
      forgetClass: [...this.about.classes],
      network,
      nonMembers: this.about.nonMembers,
      signal,
      onProgress: ({ share }: { share: number }) => this.#frames.ask(() => (trial.share = share)),
      ...(retrained && { retrained }),
    };
    try {
      trial.report = await ask((session) => session.attack(attack, options));
      trial.state = 'over';
    } catch (error) {
      if (!signal.aborted) throw error;
      trial.state = 'cancelled';
    }
  }

  /** Leaves it at what there is. */
  cancel(): void {
    this.#cancelled.abort();
    for (const trial of this.trials) if (trial.state === 'waiting') trial.state = 'cancelled';
  }

  /** Nothing more will come of it. */
  end(): void {
    this.cancel();
    for (const trial of this.trials) if (trial.underWay) trial.state = 'cancelled';
  }
}
