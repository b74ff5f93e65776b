import { PurgeError, attacks } from 'purge-unlearning';
import type { Held } from '../loading/loading.svelte';
import { same, type Wanted } from '../loading/wanted';
import { fetchAhead, findRetrained } from '../measuring/retrained';
import { noRetrainedWords } from '../presenting/words';
import { asProblem, isCrash, type Problem } from '../state/problem';
import type { PageSession } from './page-session.svelte';
import { Tasks, type Task } from './tasks.svelte';

export type TaskName =
  | 'load'
  | 'samples'
  | 'reset'
  | 'keep'
  | 'configure'
  | 'stored'
  | 'warm up'
  | 'before'
  | 'run'
  | 'after'
  | 'stored retrained'
  | 'retrained'
  | 'compare'
  | 'attack next'
  | 'attack'
  | 'leave'
  | 'further'
  | 'prepare';

/** All there is to do for the engine to be where the visitor wants it, first things first. */
export function tasksOf(page: PageSession): Tasks<TaskName> {
  const { connection, loading, measurements, configuration, own, shown, settings } = page;
  /** What the load under way is for. */
  let loadingFor: Wanted = {};
  /** For what the engine has computed what a run begins with, and on which device. */
  let prepared: { held: Held; on: string | undefined } | undefined;

  const ready = () => shown.fits && connection.lost === undefined;
  const waits = () => page.run?.state === 'waiting';
  const isPrepared = () => prepared?.held === loading.held && prepared.on === connection.device?.kind;
  const usesArchive = () => settings.dataset === 'pathmnist' && settings.size === 'whole' && own.archive !== undefined;

  const retrainedFile = () => findRetrained(loading.held.model?.shipped, shown.classes, page.fetchFile);

  function tell(error: unknown, during: Problem['during']): boolean {
    const problem = asProblem(error, during);
    // Something else is wanted by now, or there is another session.
    if (problem.code === 'cancelled') return true;
    page.problem = waits() ? { ...problem, during: 'running' } : problem;
    if (waits()) page.run?.fail();
    return false;
  }

  const tasks: Task<TaskName>[] = [
    {
      name: 'load',
      due: () => loading.due(page.wanted),
      async perform() {
        const wanted = (loadingFor = page.wanted);
        await loading.load(wanted);
        if (!alike(wanted, page.wanted)) return;
        if (usesArchive() && connection.misfit) {
          const { message } = connection.misfit;
          throw new PurgeError(
            'bad-dataset',
            `${own.archive?.name ?? 'archive'}: expected PathMNIST, found images that do not go with its network (${message}).`,
          );
        }
        if (settings.dataset === 'own') own.accept();
        const shipped = wanted.model?.shipped;
        if (shipped && shown.fits) void fetchAhead(shipped, shown.words.length, page.fetchFile);
      },
      failed(error) {
        if (!alike(loadingFor, page.wanted)) return true;
        const { code } = asProblem(error, 'file');
        const ofVisitor = settings.dataset === 'own' || usesArchive();
        // Where the engine, or a file of the page's own, could not be had, the visitor's files are not to blame.
        if (!ofVisitor || !connection.device || code === 'network') return tell(error, 'loading');
        if (tell(error, 'file')) return true;
        if (settings.dataset === 'own') return own.refuse(code);
        own.archive = undefined;
        return true;
      },
    },
    {
      name: 'samples',
      due: () => shown.dataset !== undefined && loading.samples?.of !== loading.held,
      perform: () => loading.sample(shown.dataset?.classNames.length ?? 0),
      failed: (error) => tell(error, 'loading'),
    },
    {
      name: 'reset',
      due: () => page.resetAsked && shown.fits,
      async perform() {
        await connection.ask((session) => session.reset());
        page.resetAsked = false;
        // What a run has made of the network is gone with it.
        if (!waits()) page.run = undefined;
      },
      failed: (error) => tell(error, 'loading'),
    },
    {
      name: 'keep',
      due: () => page.keepAsked && ready(),
      async perform() {
        page.keepAsked = false;
        await loading.keep();
        page.run = undefined;
      },
      failed: (error) => tell(error, 'running'),
    },
    {
      name: 'configure',
      due: () => ready() && configuration.due(loading.held, shown.runSettings),
      perform: () => configuration.resolve(connection.asking(), loading.held, shown.runSettings),
      failed: (error) => tell(error, 'running'),
    },
    {
      name: 'stored',
      due: () => ready() && measurements.mayBeStored('before', shown.about),
      perform: () => measurements.takeStored('before', shown.about, page.untilNextAct),
      failed: withoutStored,
    },
    {
      // Before anything is computed: it may end on another device.
      name: 'warm up',
      due: () => ready() && connection.device?.kind === 'webgpu' && !connection.warm && !page.run?.underWay,
      async perform() {
        await painted();
        await connection.warmUp(page.untilNextAct);
      },
      failed(error) {
        if (tell(error, 'measuring')) return true;
        // Once is enough: the run would tell of it as well.
        connection.warm = true;
        return false;
      },
    },
    {
      name: 'before',
      due: () => ready() && !shown.before,
      perform: () => measurements.measureBefore(shown.about),
      failed: measuringFailed,
    },
    {
      name: 'run',
      due: () => ready() && waits() && shown.config !== undefined,
      async perform() {
        const ask = connection.asking();
        await ask((session) => session.reset());
        const { run } = page;
        const { config, before, classes, nonMembers } = shown;
        if (!run || !config) return;
        const runSettings = { ...shown.runSettings, nonMembers };
        await run.go(ask, { of: loading.held, classes, before, runSettings, config });
      },
      failed(error) {
        page.run?.fail(connection.lost === undefined);
        return page.run?.state === 'over' ? measuringFailed(error) : tell(error, 'running');
      },
    },
    {
      name: 'after',
      due: () => ready() && shown.run?.state === 'over' && !shown.after,
      async perform() {
        if (shown.run) await measurements.measureAfter(shown.run, shown.about);
      },
      failed: measuringFailed,
    },
    {
      // Before a comparison, whose runs are held against it, and before attacks, that are made on it too.
      name: 'stored retrained',
      due: () => ready() && measurements.mayBeStored('retrained', shown.about),
      perform: () => measurements.takeStored('retrained', shown.about, page.untilNextAct),
      failed: withoutStored,
    },
    {
      name: 'retrained',
      due: () => ready() && measurements.retrained(shown.about) === undefined,
      perform: () => measurements.measureRetrained(shown.about, page.untilNextAct),
      failed: measuringFailed,
    },
    {
      name: 'compare',
      due: () => ready() && shown.comparing,
      async perform() {
        const { comparison } = page;
        const run = comparison?.next;
        if (!comparison || !run) return;
        // Another device would make another comparison.
        if (!comparison.isOf(shown.about, connection.device?.kind)) return comparison.end();
        comparison.device = connection.device?.kind;
        const ask = connection.asking();
        const yardstick = comparison.missingYardstick;
        if (yardstick) {
          const found = yardstick === 'retrained' ? await retrainedFile() : undefined;
          await comparison.judgeYardstick(ask, yardstick, typeof found === 'object' ? found : undefined);
        } else await comparison.go(ask, run);
        if (!comparison.underWay) page.resetAsked = true;
      },
      failed(error) {
        const { code, message } = asProblem(error, 'running');
        if (code === 'cancelled') page.comparison?.end();
        // The others still have their turn.
        else page.comparison?.failed(message);
        page.resetAsked = true;
        return true;
      },
    },
    {
      name: 'attack next',
      due: () => page.attackNext !== undefined && !shown.running && !shown.attacking,
      async perform() {
        const { attackNext } = page;
        page.attackNext = undefined;
        // A run that failed has left nothing to attack.
        if (ready() && shown.result) page.besiege(attackNext);
      },
      failed: (error) => tell(error, 'running'),
    },
    {
      name: 'attack',
      due: () => ready() && shown.attacking,
      async perform() {
        const { siege } = page;
        const trial = siege?.next;
        if (!siege || !trial) return;
        if (!siege.isOf(shown.about, connection.device?.kind)) return siege.end();
        const ask = connection.asking();
        const info = attacks.find(({ name }) => name === trial.target.attack);
        const needed = trial.target.network === 'retrained' || info?.second === 'needed';
        const retrained = needed ? await retrainedFile() : undefined;
        if (typeof retrained === 'string') return trial.fail(noRetrainedWords[retrained]);
        await siege.go(ask, trial, retrained);
      },
      failed(error) {
        const { code, message } = asProblem(error, 'measuring');
        if (code === 'cancelled') page.siege?.end();
        // The others still have their turn.
        else page.siege?.next?.fail(message);
        return true;
      },
    },
    {
      // Something before it has failed, and nothing will come of it any more.
      name: 'leave',
      due: () => shown.comparing || shown.attacking,
      async perform() {
        page.comparison?.end();
        page.siege?.end();
      },
      failed: (error) => tell(error, 'running'),
    },
    {
      // How far the yardstick itself goes.
      name: 'further',
      due: () => ready() && measurements.mayHaveFurther(shown.about),
      perform: () => measurements.takeFurther(shown.about, page.untilNextAct),
      failed: withoutStored,
    },
    {
      // What a run begins with: the scores that came with the page have it not.
      name: 'prepare',
      due: () => ready() && page.run === undefined && !isPrepared(),
      async perform() {
        prepared = { held: loading.held, on: connection.device?.kind };
        await connection.ask((session) => session.prepare());
      },
      failed: measuringFailed,
    },
  ];

  /** Scores that cannot be had, or are no good, are measured. */
  function withoutStored(error: unknown): boolean {
    return isCrash(asProblem(error, 'measuring').code) ? measuringFailed(error) : true;
  }

  function measuringFailed(error: unknown): boolean {
    // A crash here loses nothing as a rule, and the session has a new engine: once it may be bad luck.
    const harmless = isCrash(asProblem(error, 'measuring').code) && connection.lost === undefined;
    if (harmless && !page.retried) {
      page.retried = true;
      return true;
    }
    return tell(error, 'measuring');
  }

  return new Tasks(tasks);
}

/** What is there has been drawn. A page that is not seen draws nothing, and in tests there is nothing to draw on. */
function painted(): Promise<void> {
  if (!globalThis.requestAnimationFrame) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(resolve, 250);
    requestAnimationFrame(() => {
      clearTimeout(late);
      setTimeout(resolve);
    });
  });
}

function alike(a: Wanted, b: Wanted): boolean {
  const alikeIn = (kind: keyof Wanted) => (a[kind] ? same(a[kind], b[kind]) : b[kind] === undefined);
  return alikeIn('dataset') && alikeIn('model');
}
