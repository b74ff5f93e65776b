import type {
  AttackInfo,
  AttackName,
  DatasetInfo,
  Evaluation,
  ModelInfo,
  StopReason,
  UnlearnConfig,
} from 'purge-unlearning';
import type { Attacked, Siege, Trial } from '../attacking/siege.svelte';
import type { Comparison } from '../comparing/comparison.svelte';
import type { About } from '../measuring/measurements.svelte';
import { mayBeRetrained } from '../measuring/retrained';
import { shadowsOf } from '../measuring/shadows';
import { classWords, namesOf, togetherWords } from '../presenting/class-words';
import type { Run } from '../running/run.svelte';
import { emptyTrace } from '../running/trace';
import { methodInfo } from '../state/methods';
import type { PageSession } from './page-session.svelte';

export type Phase =
  | 'idle'
  | 'loading'
  | 'ready'
  | 'running'
  | 'paused'
  | 'comparing'
  | 'attacking'
  | 'done'
  | 'cancelled'
  | 'diverged'
  | 'failed';

/**
 * What the page shows. All of it is derived: from what is set, what the session tells and what was measured of just that.
 * So it is right in whatever order things were done, and what belongs to something else is not there.
 */
export class Shown {
  readonly #page: PageSession;

  constructor(page: PageSession) {
    this.#page = page;
  }

  /** The data that are chosen, once the engine holds them. */
  dataset: DatasetInfo | undefined = $derived.by(() => this.#held('dataset'));
  /** The network that is chosen, once the engine holds it. */
  model: ModelInfo | undefined = $derived.by(() => this.#held('model'));
  /** Why these two do not go together. */
  misfit = $derived.by(() => (this.dataset && this.model ? this.#page.connection.misfit : undefined));
  /** Data and network are there and go together. */
  fits = $derived(this.dataset !== undefined && this.model !== undefined && !this.misfit);
  /** What a crash has taken of them. */
  lost = $derived.by(() => (this.fits ? this.#page.connection.lost : undefined));
  /** The first images of each class. */
  samples = $derived.by(() => {
    const { samples, held } = this.#page.loading;
    return this.dataset && samples?.of.dataset === held.dataset ? (samples?.images ?? []) : [];
  });
  /** The served data set that the server does not have. */
  missing = $derived.by(() => {
    const { loading, settings, wanted } = this.#page;
    return settings.dataset !== 'own' && loading.isMissing(wanted) ? settings.dataset : undefined;
  });

  words = $derived.by(() => classWords(namesOf(this.dataset, this.fits ? this.model : undefined)));
  /** What earlier runs took from the network that is loaded. */
  forgottenEarlier = $derived(this.fits ? (this.model?.forgottenClasses ?? []) : []);
  earlierWords = $derived.by(() => this.#together(this.forgottenEarlier));
  /** What can be forgotten: what the network still knows and there are images of. */
  #known = $derived.by(() =>
    this.words.map((_, k) => k).filter((k) => !this.forgottenEarlier.includes(k) && this.learnt(k) !== 0),
  );
  /** The classes to forget: those that are set, as far as this network can forget them. */
  classes: readonly number[] = $derived.by(() => {
    const set = this.#page.settings.class;
    if (!this.dataset) return [...set];
    const chosen = set.filter((k) => this.#known.includes(k));
    // One class at least has to stay.
    return chosen.length > 0 && chosen.length < this.#known.length ? chosen : this.#known.slice(0, 1);
  });
  classesWords = $derived.by(() => this.#together(this.classes));
  /** How many more classes could be forgotten, with one left to keep. */
  spare = $derived.by(() => this.#known.length - this.classes.length - 1);

  /** The unseen images compared with, as far as these data have them. */
  nonMembers = $derived.by((): 'test' | 'val' => {
    const { nonMembers } = this.#page.settings;
    return this.dataset?.nonMemberSplits.includes(nonMembers) ? nonMembers : 'test';
  });
  about: About = $derived.by(() => ({
    of: this.#page.loading.held,
    classes: this.classes,
    nonMembers: this.nonMembers,
  }));
  before: Evaluation | undefined = $derived.by(() =>
    this.fits ? this.#page.measurements.before(this.about) : undefined,
  );
  retrained: Evaluation | undefined = $derived.by(() => {
    const taken = this.fits ? this.#page.measurements.retrained(this.about) : undefined;
    return typeof taken === 'object' ? taken : undefined;
  });
  /** The retrained network, and others that were retrained from further seeds; none where there is but the one. */
  seeds: readonly Evaluation[] = $derived.by(() => {
    const further = this.retrained ? this.#page.measurements.further(this.about) : [];
    return this.retrained && further.length > 0 ? [this.retrained, ...further] : [];
  });
  /** What shadow networks of the class came to, where there are any. */
  shadows = $derived.by(() => {
    const { model, kept } = this.#page.loading.held;
    return this.fits && !kept ? shadowsOf(model?.shipped, this.classes) : [];
  });
  /** Where those of the two were made that came with the page. */
  storedOn = $derived.by(() => {
    const on = (role: 'before' | 'retrained') => this.#page.measurements.storedOn(role, this.about);
    return this.fits ? { before: on('before'), retrained: on('retrained') } : {};
  });
  /** Why there is no retrained network to compare with. */
  noRetrained = $derived.by(() => {
    const taken = this.fits ? this.#page.measurements.retrained(this.about) : undefined;
    return typeof taken === 'string' ? taken : undefined;
  });
  after = $derived.by(() => this.run?.after[this.nonMembers]);
  /** Which evaluation is being made. */
  measuring = $derived.by(() => {
    const { doing } = this.#page.tasks;
    return doing === 'before' || doing === 'after' || doing === 'retrained' ? doing : undefined;
  });

  /** The run that is under way, or the last one as long as it is about what is chosen. */
  run: Run | undefined = $derived.by(() => {
    const { run, loading } = this.#page;
    if (!run || run.underWay) return run;
    return this.fits && run.of === loading.held && run.classes.join() === this.classes.join() ? run : undefined;
  });
  result = $derived.by(() => this.run?.result);
  trace = $derived.by(() => this.run?.trace ?? emptyTrace(this.before));

  /** The comparison that is under way, or the last one as long as it is about what is chosen. */
  comparison: Comparison | undefined = $derived.by(() => {
    const { comparison, connection } = this.#page;
    if (!comparison || comparison.underWay) return comparison;
    return this.fits && comparison.isOf(this.about, connection.device?.kind) ? comparison : undefined;
  });

  /** The attacks that are under way, or the last ones as long as they are about what is chosen. */
  siege: Siege | undefined = $derived.by(() => {
    const { siege, connection } = this.#page;
    if (!siege || siege.underWay) return siege;
    return this.fits && siege.isOf(this.about, connection.device?.kind) ? siege : undefined;
  });
  /** How many images are loaded of those that the network learnt from, where the light set has fewer. */
  fewerImages = $derived.by(() => {
    const { dataset, model } = this;
    const { size, dataset: wanted } = this.#page.settings;
    if (!dataset || !model?.membersPerClass || wanted === 'own' || size !== 'light') return undefined;
    const loaded = dataset.counts.train.reduce((sum, count) => sum + count, 0);
    const learnt = model.membersPerClass * dataset.counts.train.length;
    return loaded < learnt ? { loaded, learnt } : undefined;
  });
  /** Until it is known that there is none, a retrained network may be there: attacks wait for it. */
  #mayBeRetrained = $derived.by(
    () => !this.noRetrained && mayBeRetrained(this.#page.loading.held.model?.shipped, this.classes),
  );
  /** The networks that are there to be attacked. */
  attacked = $derived.by((): Attacked[] => [
    ...(this.fits ? (['before'] as const) : []),
    ...(this.result ? (['after'] as const) : []),
    ...(this.fits && this.#mayBeRetrained ? (['retrained'] as const) : []),
  ]);

  /** What the settings say of a run. */
  runSettings = $derived.by((): UnlearnConfig => {
    const { overrides, method, preset } = this.#page.settings;
    return { ...$state.snapshot(overrides), forgetClass: [...this.classes], method, preset };
  });
  /** What the preset says of each setting. */
  presetConfig = $derived.by(() =>
    this.fits ? this.#page.configuration.preset(this.#page.loading.held, this.runSettings) : undefined,
  );
  /** What a run would use now. */
  config = $derived.by(() =>
    this.fits ? this.#page.configuration.full(this.#page.loading.held, this.runSettings) : undefined,
  );
  chosenMethod = $derived.by(() => methodInfo(this.#page.settings.method));
  /** The method of the run that is shown, or else the one that is chosen. */
  method = $derived.by(() => methodInfo(this.run?.config?.method ?? this.#page.settings.method));

  /** What a GPU needs only once is being made: beforehand, or in the first step of a run. */
  preparing = $derived.by(() => {
    const { connection, tasks } = this.#page;
    const onGpu = connection.device?.kind === 'webgpu' && !connection.warm;
    return onGpu && (this.busy || tasks.doing === 'warm up');
  });
  running = $derived.by(() => this.#page.run?.underWay ?? false);
  comparing = $derived.by(() => this.#page.comparison?.underWay ?? false);
  attacking = $derived.by(() => this.#page.siege?.underWay ?? false);
  /** Something is under way that has the engine for itself: nothing may be set. */
  busy = $derived.by(() => this.running || this.comparing || this.attacking);
  loading = $derived.by(() => {
    const { tasks, recognising } = this.#page;
    return recognising || tasks.due('load') || tasks.due('keep');
  });
  phase: Phase = $derived.by(() => {
    if (this.running) return this.#page.run?.paused ? 'paused' : 'running';
    if (this.comparing) return 'comparing';
    if (this.attacking) return 'attacking';
    if (this.loading) return 'loading';
    if (this.lost || this.run?.state === 'failed') return 'failed';
    if (this.result) return this.#ended(this.result.stop);
    if (this.fits) return 'ready';
    return this.#page.problem ? 'failed' : 'idle';
  });

  /** Nothing stands in the way of another run, or of anything else that needs the engine. */
  #free = $derived.by(() => this.fits && !this.busy && !this.loading && !this.lost);
  canForget = $derived.by(() => this.#free && this.#known.length > 1);
  canAttack = $derived.by(() => this.#free);
  canReset = $derived.by(() => !this.busy && !this.loading && (this.run !== undefined || this.lost !== undefined));
  /** The run has taken something from the network, from which another run could go on. */
  canKeep = $derived.by(() => this.#free && this.phase === 'done' && (this.result?.steps ?? 0) > 0);
  /** The session still holds the network that the results are of. */
  canExport = $derived.by(() => this.#free && this.result !== undefined);
  /** There is something to report that no other file has. */
  canReport = $derived.by(
    () => this.canExport || (this.#free && (this.siege !== undefined || this.comparison !== undefined)),
  );

  /** An attack on one of the networks, as long as that is the one that is shown. */
  trialOf(attack: AttackName, network: Attacked): Trial | undefined {
    const { siege, run } = this;
    return siege?.find(network === 'after' && run ? { attack, network, run } : { attack, network });
  }

  /** Why an attack cannot be made now, where the reason is a network that is not there. */
  cannotAttack({ second }: Pick<AttackInfo, 'second'>): 'retrained' | undefined {
    return second === 'needed' && !this.attacked.includes('retrained') ? 'retrained' : undefined;
  }

  /** How many images of a class the network was trained on. */
  learnt(k: number): number | undefined {
    const all = this.dataset?.counts.train[k];
    return all === undefined ? undefined : Math.min(all, (this.fits && this.model?.membersPerClass) || all);
  }

  #held<K extends 'dataset' | 'model'>(kind: K): PageSession['connection'][K] | undefined {
    const { loading, connection, wanted } = this.#page;
    return loading.holds(kind, wanted) ? connection[kind] : undefined;
  }

  #together(classes: readonly number[]) {
    return togetherWords(classes.flatMap((k) => this.words[k] ?? []));
  }

  #ended(stop: StopReason | undefined): Phase {
    return stop === 'cancelled' || stop === 'diverged' ? stop : 'done';
  }
}
