import {
  PurgeError,
  createSession,
  type DatasetInfo,
  type DeviceInfo,
  type DoneEvent,
  type Evaluation,
  type ModelInfo,
  type ResolvedConfig,
  type Samples,
  type Session,
} from 'purge-unlearning';
import { recognise, unpackedBytes, type Recognised } from './files';
import { Gate } from './gate';
import {
  addFiles,
  checkFit,
  fetchAhead,
  fetchNetwork,
  findOwn,
  findRetrained,
  findServed,
  sameDataset,
  samplesOf,
  type Found,
  type NoRetrained,
  type OnPart,
} from './loading';
import { asProblem, needsNewStart, type Problem } from './problem';
import { runSettings, settings, toForget } from './settings.svelte';
import type { PageState } from './state';
import { close, extend, startTrace, type Trace } from './trace';
import { classWords, namesOf, togetherWords } from './words';

export type Phase = 'idle' | 'loading' | 'ready' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed';

/** Bytes of one of the things being loaded. */
export interface Bytes {
  loaded: number;
  total?: number;
}

/** More memory than this is taken only if the visitor says so, bytes: a tab that has too much is closed by the browser. */
const roomy = 1e9;

/** The one engine of the page, what it holds, and the run under way. */
class PageSession {
  phase: Phase = $state('idle');
  problem: Problem | undefined = $state.raw();
  bytes: Partial<Record<'engine' | 'dataset' | 'model', Bytes>> = $state({});
  /** The served data set that the server does not have. */
  missing: 'mnist' | 'pathmnist' | undefined = $state();

  device: DeviceInfo | undefined = $state.raw();
  dataset: DatasetInfo | undefined = $state.raw();
  model: ModelInfo | undefined = $state.raw();
  /** The first images of each class. */
  samples: Samples[] = $state.raw([]);
  /** What was dropped on "Your own". */
  own: Recognised[] = $state.raw([]);
  /** What was dropped and is so large that it waits to be asked for once more. */
  held: { files: File[]; bytes: number } | undefined = $state.raw();

  before: Evaluation | undefined = $state.raw();
  after: Evaluation | undefined = $state.raw();
  retrained: Evaluation | undefined = $state.raw();
  /** Why there is no retrained network to compare with. */
  noRetrained: NoRetrained | undefined = $state();
  /** Which evaluation is being made. */
  measuring: 'before' | 'after' | 'retrained' | undefined = $state();

  /** What the preset says. */
  presetConfig: ResolvedConfig | undefined = $state.raw();
  /** What a run would use now. */
  config: ResolvedConfig | undefined = $state.raw();
  /** What the run in `trace` used. */
  runConfig: ResolvedConfig | undefined = $state.raw();
  trace: Trace = $state.raw(startTrace(undefined));
  result: DoneEvent | undefined = $state.raw();

  words = $derived(classWords(namesOf(this.dataset, this.model)));
  /** What earlier runs took from the network that was loaded. */
  gone = $derived(this.model?.forgottenClasses ?? []);
  forgotten = $derived(this.#wordsOf(settings.class));
  goneWords = $derived(this.#wordsOf(this.gone));
  busy = $derived(this.phase === 'running' || this.phase === 'paused');
  loaded = $derived(this.dataset !== undefined && this.model !== undefined);
  /** The last step is taken and what it left is being measured. */
  ending = $state(false);
  canReset = $derived(this.phase === 'done' || this.phase === 'cancelled' || (this.phase === 'failed' && this.loaded));
  /** The run has taken something from the network, from which another run could go on. */
  canKeep = $derived(this.phase === 'done' && (this.result?.steps ?? 0) > 0);
  canForget = $derived(this.loaded && !this.busy && this.phase !== 'loading' && !needsNewStart(this.problem?.code));

  #session: Session | undefined;
  #connecting: Promise<Session> | undefined;
  #life = new AbortController();
  /** Counts what was asked for, so that an answer that comes late is dropped. */
  #asked = 0;
  #found: Found = {};
  #droppedPathMnist: File | undefined;
  /** The engine's network is not the one that was loaded. */
  #changed = false;
  #known = new Map<string, Promise<Evaluation>>();
  #run = new AbortController();
  #gate = new Gate();

  /** Makes the device where there is none, and loads what the settings name. */
  open(): Promise<void> {
    return this.#open('loading', () =>
      settings.dataset === 'own'
        ? findOwn(this.own)
        : findServed({ ...settings, dataset: settings.dataset }, this.#archive(), this.#onPart),
    );
  }

  /** Takes files for "Your own", or the official archive for PathMNIST; `sure`: however large they are. */
  async take(files: File[], sure = false): Promise<void> {
    const had = this.own;
    let found: Recognised[] = [];
    this.held = undefined;
    await this.#open('file', async () => {
      found = await Promise.all(files.map(recognise));
      const archive = found.find((f) => f.kind === 'medmnist');
      if (settings.dataset === 'pathmnist' && archive) {
        this.#droppedPathMnist = archive.file;
        settings.size = 'whole';
        return findServed({ ...settings, dataset: 'pathmnist' }, archive.file, this.#onPart);
      }
      settings.dataset = 'own';
      const all = addFiles(had, found);
      const bytes = unpackedBytes(all);
      if (bytes > roomy && !sure) this.held = { files, bytes };
      else this.own = all;
      return findOwn(this.own);
    });
    if (this.problem?.during !== 'file') return;
    this.#droppedPathMnist = undefined;
    // The data that came with a network that is no good has been taken.
    const good = this.problem.code === 'bad-model' ? found.filter((f) => f.kind !== 'model') : [];
    this.own = addFiles(had, good).filter((f) => f.kind !== 'model' || this.model);
  }

  /** Uses a shipped network on the visitor's own data. */
  borrow(dataset: 'mnist' | 'pathmnist'): Promise<void> {
    return this.#open('file', async () => {
      const network = await fetchNetwork(dataset, settings.norm, this.#onPart);
      this.own = addFiles(this.own, [{ kind: 'model', file: network.model }]);
      return { ...findOwn(this.own), ...network };
    });
  }

  /** Starts again from nothing; on the CPU if asked to. */
  retry(device: PageState['device'] = settings.device): Promise<void> {
    settings.device = device;
    this.#life.abort();
    this.#life = new AbortController();
    this.#session?.close();
    this.#session = this.#connecting = undefined;
    // What the page shows stays until the new engine has loaded it again.
    this.#found = {};
    return this.open();
  }

  /** Back to the network as it was loaded, with the class that is now chosen. */
  async restart(): Promise<void> {
    const session = this.#session;
    if (!session || !this.loaded) return;
    const mine = this.#supersede();
    try {
      this.#clearResults();
      this.#clearProblem();
      this.phase = 'ready';
      if (this.#changed) await session.reset();
      this.#changed = false;
    } catch (error) {
      return this.#fail(mine, error, 'measuring');
    }
    await this.#measure(session, mine);
  }

  /** Settings of the measurement have changed: other unseen images. */
  async measure(): Promise<void> {
    const session = this.#session;
    if (!session || !this.loaded || this.busy) return;
    await this.#measure(session, this.#supersede());
  }

  /** Settings of the run have changed. */
  async configure(): Promise<void> {
    const session = this.#session;
    if (!session || !this.loaded) return;
    try {
      await this.#resolve(session);
      if (this.problem?.code === 'bad-config') this.#clearProblem();
    } catch (error) {
      this.#fail(this.#asked, error, 'running');
    }
  }

  /** Starts a run from the network as it was loaded. `single`: take one step and pause. */
  async forget(single = false): Promise<void> {
    const session = this.#session;
    if (!session || !this.canForget) return;
    const mine = this.#supersede();
    const run = (this.#run = new AbortController());
    this.#clearProblem();
    this.phase = single ? 'paused' : 'running';
    this.ending = false;
    this.#gate = new Gate();
    if (single) {
      this.#gate.close();
      this.#gate.pass();
    }
    this.after = this.result = undefined;
    this.trace = startTrace(this.before);
    try {
      this.before ??= await this.#evaluate(session, 'before');
      this.measuring = undefined;
      if (this.#changed) await session.reset();
      const config = await this.#resolve(session);
      this.runConfig = config;
      this.trace = startTrace(this.before);
      this.#changed = true;
      const options = { signal: run.signal, stepsPerEvent: 1 };
      const events = session.unlearn({ ...config, nonMembers: this.nonMembers }, options);
      for (;;) {
        // Past the last step there is nothing to wait for.
        if (!this.ending) await this.#gate.through(run.signal);
        const { value: event, done } = await events.next();
        if (mine !== this.#asked || done) break;
        if (event.type === 'done') this.#finish(event);
        else {
          this.trace = extend(this.trace, event, config.checkEvery);
          this.ending = event.forgetAccuracy <= config.targetForgetAccuracy || event.step >= event.maxSteps;
        }
      }
    } catch (error) {
      return this.#fail(mine, error, 'running');
    }
    if (mine === this.#asked) await this.#measure(session, mine);
  }

  /** Goes on with the network as the run has left it: the next one takes more from it. */
  async keep(): Promise<void> {
    const session = this.#session;
    if (!session || !this.canKeep) return;
    const mine = this.#supersede();
    this.phase = 'loading';
    try {
      const weights = await session.exportModel();
      if (mine !== this.#asked) return;
      const model = new File([weights as Uint8Array<ArrayBuffer>], `${this.model?.dataset ?? 'network'}.safetensors`);
      const { dataset } = this.#found;
      await this.#load(session, mine, { ...(dataset && { dataset }), model });
    } catch (error) {
      this.#fail(mine, error, 'measuring');
    }
  }

  pause(): void {
    if (this.phase !== 'running') return;
    this.phase = 'paused';
    this.#gate.close();
  }

  resume(): void {
    if (this.phase !== 'paused') return;
    this.phase = 'running';
    this.#gate.open();
  }

  /** One step: of the paused run, or of a new one. */
  async step(): Promise<void> {
    if (!this.busy) return this.forget(true);
    if (this.phase === 'paused') this.#gate.pass();
    else this.pause();
  }

  cancel(): void {
    this.ending = this.busy;
    this.#run.abort();
  }

  /** The network as it is now. */
  exportModel(): Promise<Uint8Array> {
    if (!this.#session) throw new PurgeError('bad-state', 'No network is loaded.');
    return this.#session.exportModel();
  }

  /** The unseen images compared with, as far as this data set has them. */
  get nonMembers(): 'test' | 'val' {
    return this.dataset?.nonMemberSplits.includes(settings.nonMembers) ? settings.nonMembers : 'test';
  }

  #wordsOf(classes: readonly number[]) {
    return togetherWords(classes.flatMap((k) => this.words[k] ?? []));
  }

  #onPart: OnPart = (part) => (loaded, total) => {
    this.bytes[part] = { loaded, ...(total !== undefined && { total }) };
  };

  #archive(): File | undefined {
    return settings.dataset === 'pathmnist' && settings.size === 'whole' ? this.#droppedPathMnist : undefined;
  }

  /** Makes what is still under way count no more. */
  #supersede(): number {
    this.cancel();
    return ++this.#asked;
  }

  async #open(during: 'loading' | 'file', find: () => Found | Promise<Found>): Promise<void> {
    const was = this.phase;
    const mine = this.#supersede();
    this.#clearProblem();
    this.missing = undefined;
    this.bytes = {};
    this.phase = 'loading';
    try {
      const [session, found] = await Promise.all([this.#connect(), find()]);
      if (mine !== this.#asked) return;
      this.#session = session;
      this.device = session.device;
      await this.#load(session, mine, found);
    } catch (error) {
      this.#fail(mine, error, during);
      // A file that is no good leaves what was there before.
      if (mine === this.#asked && during === 'file' && this.loaded) this.phase = was === 'loading' ? 'ready' : was;
    }
  }

  #connect(): Promise<Session> {
    this.#connecting ??= createSession({
      device: settings.device,
      signal: this.#life.signal,
      onProgress: ({ what, loaded, total }) => {
        if (what === 'engine') this.bytes.engine = { loaded, ...(total !== undefined && { total }) };
      },
    }).catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #load(session: Session, mine: number, found: Found): Promise<void> {
    if (!this.dataset || !sameDataset(found.dataset, this.#found.dataset)) {
      const dataset = found.dataset && (await session.loadDataset(found.dataset));
      if (mine !== this.#asked) return;
      this.#unload();
      this.#found = { ...(found.dataset && { dataset: found.dataset }) };
      this.dataset = dataset;
      this.missing = found.missing;
      if (dataset) {
        const samples = await samplesOf(session, dataset.classNames.length, 4);
        if (mine !== this.#asked) return;
        this.samples = samples;
      }
    }
    const model = found.model && (await session.loadModel(found.model));
    if (mine !== this.#asked) return;
    if (!this.dataset || !model) {
      this.phase = 'idle';
      return;
    }
    checkFit(model, this.dataset, found.model?.name ?? 'network');
    this.#found = found;
    this.model = model;
    const known = this.dataset.classNames.map((_, k) => k).filter((k) => !model.forgottenClasses.includes(k));
    const chosen = settings.class.filter((k) => known.includes(k));
    // One class at least has to stay.
    settings.class = chosen.length > 0 && chosen.length < known.length ? chosen : known.slice(0, 1);
    this.config = this.presetConfig = undefined;
    this.#changed = false;
    this.#known.clear();
    this.#clearResults();
    this.phase = 'ready';
    await this.#measure(session, mine);
    if (found.shipped) void fetchAhead(found.shipped, this.dataset.classNames.length);
  }

  #unload(): void {
    this.#found = {};
    this.dataset = this.model = this.config = this.presetConfig = undefined;
    this.samples = [];
    this.#clearResults();
  }

  #clearResults(): void {
    this.before = this.after = this.retrained = this.result = this.runConfig = undefined;
    this.noRetrained = undefined;
    this.trace = startTrace(undefined);
  }

  #clearProblem(): void {
    this.problem = undefined;
    if (this.phase !== 'failed') return;
    if (this.result) this.phase = this.result.stop === 'cancelled' ? 'cancelled' : 'done';
    else this.phase = this.loaded ? 'ready' : 'idle';
  }

  /** Makes the evaluations that are not there yet; a run that starts meanwhile puts the retrained network's off. */
  async #measure(session: Session, mine: number): Promise<void> {
    try {
      if (!this.config) await this.#resolve(session);
      for (const role of ['before', 'after', 'retrained'] as const) {
        if (role === 'after' && !this.result) continue;
        if (role === 'after' && this.after?.nonMemberSplit === this.nonMembers) continue;
        const evaluation = await this.#evaluate(session, role);
        if (mine !== this.#asked) return;
        this[role] = evaluation;
        if (role === 'before' && !this.result) this.trace = startTrace(evaluation);
      }
    } catch (error) {
      this.#fail(mine, error, 'measuring');
    } finally {
      if (mine === this.#asked) this.measuring = undefined;
    }
  }

  async #resolve(session: Session): Promise<ResolvedConfig> {
    const { forgetClass, preset } = runSettings();
    this.presetConfig = await session.resolveConfig({ forgetClass, preset });
    return (this.config = await session.resolveConfig(runSettings()));
  }

  async #evaluate(session: Session, role: 'before' | 'after' | 'retrained'): Promise<Evaluation | undefined> {
    const options = { forgetClass: toForget(), nonMembers: this.nonMembers };
    this.measuring = role;
    if (role === 'after') return session.evaluate(options);
    const key = `${role} ${options.forgetClass.join()} ${options.nonMembers}`;
    const known = this.#known.get(key);
    if (known) return known;
    let model: File | undefined;
    if (role === 'retrained') {
      const found = await findRetrained(this.#found.shipped, options.forgetClass);
      this.noRetrained = found.missing;
      if (!found.file) return undefined;
      model = found.file;
    } else if (this.#changed) model = this.#found.model;
    const evaluating = session.evaluate({ ...options, ...(model && { model }) });
    this.#known.set(key, evaluating);
    evaluating.catch(() => this.#known.delete(key));
    return evaluating;
  }

  #finish(event: DoneEvent): void {
    this.result = event;
    this.after = event.evaluation;
    this.trace = close(this.trace, event.steps, event.evaluation);
    this.phase = event.stop === 'cancelled' ? 'cancelled' : 'done';
  }

  #fail(mine: number, error: unknown, during: Problem['during']): void {
    if (mine !== this.#asked) return;
    const problem = asProblem(error, during);
    if (problem.code === 'cancelled') return;
    this.problem = problem;
    this.phase = 'failed';
  }
}

/** The page's session. */
export const session = new PageSession();
