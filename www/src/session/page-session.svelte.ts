import { PurgeError, attacks, createSession, methods, type AttackName } from 'purge-unlearning';
import { attackable } from '../attacking/reports';
import { Siege, type Attacked, type Target } from '../attacking/siege.svelte';
import { Comparison } from '../comparing/comparison.svelte';
import { allEntries, canSweep, sweepEntries, type Entry } from '../comparing/entries';
import type { FetchFile } from '../loading/fetching';
import { Loading } from '../loading/loading.svelte';
import { OwnFiles } from '../loading/own-files.svelte';
import { recognise } from '../loading/recognise';
import type { Served } from '../loading/served';
import { wantedBy } from '../loading/wanted';
import { Measurements } from '../measuring/measurements.svelte';
import { Configuration } from '../running/configuration.svelte';
import { Run } from '../running/run.svelte';
import type { PageState, State } from '../state/page-settings';
import { plainRun, uniformRun, type StoryName } from '../state/stories';
import { asProblem, type Problem } from '../state/problem';
import { Connection } from './connection.svelte';
import { Shown } from './shown.svelte';
import { tasksOf, type TaskName } from './task-list';
import type { Tasks } from './tasks.svelte';

/** Where the page's session gets things from; tests bring their own. */
export interface Surroundings {
  settings: State;
  createSession: typeof createSession;
  fetchFile: FetchFile;
}

/** What a visitor can do. Each act says what is wanted; the tasks then bring it about. */
export class PageSession {
  readonly settings: State;
  readonly fetchFile: FetchFile;
  readonly connection: Connection;
  readonly loading: Loading;
  readonly own = new OwnFiles();
  readonly measurements: Measurements;
  readonly configuration = new Configuration();
  readonly shown = new Shown(this);
  readonly tasks: Tasks<TaskName>;

  problem: Problem | undefined = $state.raw();
  run: Run | undefined = $state.raw();
  comparison: Comparison | undefined = $state.raw();
  siege: Siege | undefined = $state.raw();
  /** What is attacked once the run is over. */
  attackNext: AttackName | undefined = $state.raw();
  /** The network that the run has left shall take the place of the one that was loaded. */
  keepAsked = $state(false);
  /** The engine shall come back to the network as it was loaded. */
  resetAsked = false;
  /** Whether a measurement has been tried again after a crash. */
  retried = false;
  /** Ends with the visitor's next act: until then there is time for what is merely good to have. */
  #leisure = new AbortController();
  /** Files that are being looked at. */
  #unrecognised = $state(0);

  wanted = $derived.by(() => wantedBy(this.settings, this.own, this.fetchFile));
  recognising = $derived(this.#unrecognised > 0);

  constructor({ settings, createSession, fetchFile }: Surroundings) {
    this.settings = settings;
    this.fetchFile = fetchFile;
    this.connection = new Connection(
      createSession,
      () => settings.device,
      () => settings.workers,
    );
    this.loading = new Loading(this.connection);
    this.measurements = new Measurements(this.connection, fetchFile);
    this.tasks = tasksOf(this);
  }

  /** Aborts when the visitor does something else. */
  get untilNextAct(): AbortSignal {
    return this.#leisure.signal;
  }

  /** Does what the settings ask for now. */
  follow(): Promise<void> {
    const { openedFor } = this.connection;
    if (openedFor && openedFor !== this.settings.device) return this.useDevice(this.settings.device);
    return this.#begin();
  }

  /** Tries again what has failed. */
  again(): Promise<void> {
    this.loading.missing = undefined;
    if (this.run?.state === 'failed') this.run = undefined;
    return this.#begin();
  }

  /** Starts again from nothing on another device. */
  useDevice(device: PageState['device']): Promise<void> {
    this.settings.device = device;
    this.connection.close();
    this.loading.clear();
    this.run = this.comparison = this.siege = this.attackNext = undefined;
    return this.#begin();
  }

  /** Takes files for "Your own", or the official archive for PathMNIST. */
  async take(files: readonly File[]): Promise<void> {
    if (this.shown.busy) return;
    this.problem = undefined;
    this.#unrecognised += 1;
    try {
      const recognised = await Promise.all(files.map(recognise));
      const archive = recognised.find((f) => f.kind === 'medmnist')?.file;
      if (this.settings.dataset === 'pathmnist' && archive) {
        this.own.archive = archive;
        this.settings.size = 'whole';
      } else {
        if (this.settings.dataset === 'pathmnist') this.settings.dataset = 'own';
        this.own.add(recognised);
      }
    } catch (error) {
      this.problem = asProblem(error, 'file');
      return;
    } finally {
      this.#unrecognised -= 1;
    }
    return this.#triedLater();
  }

  /** Takes the files that wait because they are large. */
  takeLarge(): Promise<void> {
    this.own.add([], true);
    return this.#triedLater();
  }

  /** Uses a shipped network on the visitor's own data. */
  borrow(name: Served): Promise<void> {
    if (this.shown.busy) return Promise.resolve();
    this.own.borrow({ name, norm: this.settings.norm });
    return this.#begin();
  }

  /** Starts a run from the network as it was loaded. `single`: takes one step and pauses. */
  forget(single = false): Promise<void> {
    if (!this.shown.canForget) return Promise.resolve();
    this.run = new Run(this.shown.before, single);
    return this.#begin();
  }

  pause(): void {
    if (this.shown.phase === 'running') this.run?.pause();
  }

  resume(): void {
    if (this.shown.phase === 'paused') this.run?.resume();
  }

  /** One step: of the paused run, or of a new one. */
  async step(): Promise<void> {
    if (this.shown.phase === 'paused') this.run?.step();
    else if (this.shown.phase === 'running') this.run?.pause();
    else await this.forget(true);
  }

  /** Ends whatever is under way. */
  cancel(): void {
    this.attackNext = undefined;
    if (this.run?.state === 'waiting') this.run = undefined;
    else if (this.shown.running) this.run?.cancel();
    else if (this.shown.comparing) {
      this.comparison?.cancel();
      this.resetAsked = true;
    } else if (this.shown.attacking) this.siege?.cancel();
  }

  /** Runs every method from the network as it was loaded, or those that have not been run on these classes. */
  compare(): Promise<void> {
    return this.#compare(allEntries(methods));
  }

  /** Runs what is set up once for each of several targets. */
  sweep(): Promise<void> {
    const { method, preset, overrides } = this.settings;
    const set = { method, preset, overrides: { ...overrides } };
    return canSweep(this.shown.chosenMethod) ? this.#compare(sweepEntries(set)) : Promise.resolve();
  }

  /** Measures here what came with the page. */
  measureHere(): Promise<void> {
    this.measurements.dropStored(this.shown.about);
    return this.#begin();
  }

  /** Back to the network as it was loaded. */
  reset(): Promise<void> {
    this.run = undefined;
    this.resetAsked = true;
    return this.#begin();
  }

  /** Goes on with the network as the run has left it: the next one takes more from it. */
  keep(): Promise<void> {
    if (!this.shown.canKeep) return Promise.resolve();
    this.keepAsked = true;
    return this.#begin();
  }

  /** Back to the network from before anything was kept. */
  undoKept(): Promise<void> {
    this.loading.undoKept();
    return this.#begin();
  }

  /** The network as it is now, as a file. */
  exportModel(): Promise<Uint8Array> {
    if (!this.shown.canExport)
      throw new PurgeError('bad-state', 'The network that was measured is not there any more.');
    return this.connection.ask((session) => session.exportModel());
  }

  /** The data as one packed file. */
  exportDataset(): Promise<Uint8Array> {
    return this.connection.ask((session) => session.exportDataset());
  }

  /** Makes one attack, or all of them, on every network that is there. */
  attack(name?: AttackName): Promise<void> {
    if (!this.shown.canAttack) return Promise.resolve();
    this.besiege(name);
    return this.#begin();
  }

  /** Says which attacks are wanted. */
  besiege(name?: AttackName): void {
    const { shown, connection } = this;
    const { run } = shown;
    const siege = shown.siege ?? new Siege(shown.about, connection.device?.kind);
    const target = (attack: AttackName, network: Attacked): Target =>
      network === 'after' && run ? { attack, network, run } : { attack, network };
    const targets = attacks
      .filter((info) => (name === undefined || info.name === name) && shown.cannotAttack(info) === undefined)
      .flatMap((info) => attackable(info).map((network) => target(info.name, network)));
    siege.want(
      targets.filter(({ network }) => shown.attacked.includes(network)),
      run,
    );
    this.siege = siege;
  }

  /** Tells a story: sets up what it is about, and runs it. */
  tell(story: StoryName): Promise<void> {
    if (!this.shown.canForget) return Promise.resolve();
    this.settings.story = story;
    if (story === 'uniform') return this.#compare([plainRun(), uniformRun()]);
    Object.assign(this.settings, plainRun());
    if (this.settings.dataset !== 'own') this.settings.norm = 'batch';
    this.attackNext = 'recalibrate';
    this.run = new Run(undefined, false);
    return this.#begin();
  }

  #compare(entries: readonly Entry[]): Promise<void> {
    const { shown } = this;
    if (!shown.canForget) return Promise.resolve();
    const comparison = shown.comparison ?? new Comparison(shown.about);
    comparison.want(entries, this.settings.judges === 'attacks');
    this.comparison = comparison;
    // It takes the engine: what a run has left there is gone.
    this.run = undefined;
    return this.#begin();
  }

  /** Files that make nothing yet need not be tried by the engine. */
  #triedLater(): Promise<void> {
    if (!this.loading.due(this.wanted)) this.own.accept();
    return this.#begin();
  }

  async #begin(): Promise<void> {
    this.#leisure.abort();
    this.#leisure = new AbortController();
    this.problem = undefined;
    this.retried = false;
    // What was lost has been told; whatever the visitor does next starts from what is left.
    if (this.connection.lost !== undefined) this.resetAsked = true;
    this.tasks.allow();
    this.loading.seek(this.wanted);
    await this.tasks.settle();
  }
}
