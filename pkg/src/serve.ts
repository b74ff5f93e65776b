import { Crew } from './crew.js';
import { detectDevice, type Surroundings } from './device.js';
import type { Report } from './download.js';
import type { Engine } from './engine.js';
import { PurgeError, isNamed, panicText, toFailure, trapFailure, type Failure } from './errors.js';
import { help, type Helper } from './help.js';
import type { Command, ModuleAddress, NamedFile, Outcome, Reply, Request, Results } from './protocol.js';

/** The part of a worker's global scope that is used. */
export interface WorkerScope {
  readonly console: Pick<Console, 'error'>;
  postMessage(reply: Reply, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  addEventListener(type: 'unhandledrejection', listener: (event: PromiseRejectionEvent) => void): void;
}

/** What the worker needs from outside: a look at the surroundings, and an engine. */
export interface Host {
  surroundings: Surroundings;
  loadEngine(address: ModuleAddress, report: Report): Promise<Engine>;
  loadHelper(address: ModuleAddress, report: Report): Promise<Helper>;
}

/** After these the engine may be another than before. */
const changing: ReadonlySet<Command['type']> = new Set([
  'load-model',
  'load-dataset',
  'load',
  'restore',
  'start',
  'advance',
  'finish',
  'keep',
  'reset',
]);

/** Answers the session's requests with an engine. */
export function serve(scope: WorkerScope, host: Host): void {
  let engine: Engine | undefined;
  let crew: Crew | undefined;
  let leave: (() => void) | undefined;
  let panic: string | undefined;
  /** What went wrong in the step after the last answer: the next request hears of it. */
  let stumbled: Failure | undefined;
  /** That step, which helpers may have a part of: the engine takes one call at a time. */
  let ahead: Promise<void> | undefined;
  /** The newest request that nobody waits for any more. */
  let givenUp: number | undefined;

  // The panic hook logs what happened, then the module traps without words; only here do the two meet.
  const log = scope.console.error;
  scope.console.error = (...data: unknown[]) => {
    panic = panicText(data[0]) ?? panic;
    log.apply(scope.console, data);
  };

  // A trap inside a Rust future reaches nobody's promise: the call would never end. It shows in the global scope.
  const crashed = new Promise<Outcome>((resolve) => {
    const crash = (event: Event, thrown: unknown) => {
      event.preventDefault();
      resolve({ type: 'failure', ...trapFailure(thrown, panic) });
    };
    scope.addEventListener('error', (event) => crash(event, event.error ?? event.message));
    scope.addEventListener('unhandledrejection', (event) => crash(event, event.reason));
  });

  scope.addEventListener('message', ({ data: { id, ...command } }) => {
    if (command.type === 'give-up') {
      givenUp = id;
      return;
    }
    const goesOn = async () => {
      await turn();
      return givenUp !== id;
    };
    const report: Report = (loaded, total) => {
      const progress = { what: 'engine' as const, loaded, ...(total !== undefined && { total }) };
      scope.postMessage({ id, type: 'progress', progress }, []);
    };
    void Promise.race([carryOut(command, report, goesOn), crashed]).then((outcome) => {
      try {
        scope.postMessage({ id, ...outcome }, transferables(outcome));
      } catch (error) {
        scope.postMessage({ id, type: 'failure', ...toFailure(error) }, []);
      }
      if (command.type === 'advance' && command.ahead) ahead = goAhead(outcome);
    });
  });

  /** The page has its answer by now, and draws while the engine is at the next step. */
  async function goAhead(outcome: Outcome): Promise<void> {
    if (outcome.type !== 'result' || outcome.of !== 'advance' || outcome.value.stop) return;
    try {
      await engine?.goAhead();
    } catch (thrown) {
      stumbled = toFailure(thrown, panic);
    }
  }

  async function carryOut(command: Command, report: Report, goesOn: () => Promise<boolean>): Promise<Ended> {
    await ahead;
    if (stumbled) return { type: 'failure', ...stumbled };
    const failed = (thrown: unknown): Outcome => ({ type: 'failure', ...toFailure(thrown, panic) });
    const outcome = await answer(command, report, goesOn).then(
      (value) => ({ type: 'result', of: command.type, value }) as Outcome,
      failed,
    );
    if (!engine || !changing.has(command.type) || (outcome.type === 'failure' && outcome.fatal)) return outcome;
    try {
      return { ...outcome, state: await engine.state() };
    } catch (error) {
      return failed(error);
    }
  }

  async function answer(
    command: Command,
    report: Report,
    goesOn: () => Promise<boolean>,
  ): Promise<Results[Command['type']]> {
    if (command.type === 'detect') return detectDevice(host.surroundings, command.software);
    if (command.type === 'open') {
      engine = await host.loadEngine(command.address, report);
      return engine.device();
    }
    if (command.type === 'help') {
      leave = help(command.port, await host.loadHelper(command.address, report));
      return;
    }
    if (command.type === 'leave') {
      leave?.();
      return;
    }
    if (!engine) throw new PurgeError('bad-state', 'The engine is not open.');
    switch (command.type) {
      case 'load-model':
        await engine.loadModel(command.model.name, await bytesOf(command.model));
        return;
      case 'load-dataset': {
        const { kind, files } = command.dataset;
        await engine.loadDataset(kind, namesOf(files), await allBytesOf(files));
        return;
      }
      case 'load': {
        const { model, dataset } = command;
        const [bytes, files] = await Promise.all([bytesOf(model), allBytesOf(dataset.files)]);
        await engine.load(model.name, bytes, dataset.kind, namesOf(dataset.files), files);
        return;
      }
      case 'restore':
        await engine.restore(await bytesOf(command.network));
        return;
      case 'samples':
        return engine.samples(command.split, command.class, command.count);
      case 'resolve-config':
        return engine.resolveConfig(command.config);
      case 'evaluate': {
        const { model, options } = command;
        return engine.evaluate(options, model && { name: model.name, bytes: await bytesOf(model) });
      }
      case 'start-attack': {
        const { name, options, retrained } = command;
        const other = retrained && { name: retrained.name, bytes: await bytesOf(retrained) };
        await engine.startAttack(name, options, other);
        return;
      }
      case 'advance-attack':
        return engine.advanceAttack();
      case 'drop-attack':
        await engine.dropAttack();
        return;
      case 'prepare':
        await engine.prepare();
        return;
      case 'rehearse':
        return engine.rehearse(command.batch, command.height, command.width, goesOn);
      case 'start':
        await engine.startUnlearning(command.config);
        return;
      case 'advance':
        return engine.advance(command.steps);
      case 'finish': {
        const summary = await engine.finish();
        return { summary, network: await engine.exportModel() };
      }
      case 'export':
        return engine.exportModel();
      case 'export-dataset':
        return gzip(await engine.exportDataset(command.light));
      case 'keep':
        await engine.keep();
        return;
      case 'reset':
        await engine.reset();
        return;
      case 'hire': {
        if (!crew) {
          crew = new Crew();
          engine.setCrew?.(crew);
        }
        const silent = crew.dismissSilent();
        for (const { id, port } of command.helpers) crew.hire(id, port);
        return silent;
      }
    }
  }
}

/** How a request ended, without its id. */
type Ended = Outcome & Pick<Exclude<Reply, { type: 'progress' }>, 'state'>;

/** Lets messages that have come be heard first. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function namesOf(files: readonly NamedFile[]): string[] {
  return files.map((file) => file.name);
}

function allBytesOf(files: readonly NamedFile[]): Promise<Uint8Array[]> {
  return Promise.all(files.map(bytesOf));
}

async function bytesOf({ name, blob }: NamedFile): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    // A picked file is read from the disk only now; it may have been changed or removed since.
    if (isNamed(error, 'NotReadableError') || isNamed(error, 'NotFoundError')) {
      throw new PurgeError('io', `${name}: the file cannot be read any more; choose it again.`, { cause: error });
    }
    // Nothing of it has reached the engine, which lives on.
    if (error instanceof RangeError) {
      const message = `${name}: ${blob.size} bytes are more than fit the memory.`;
      throw new PurgeError('out-of-memory', message, { cause: error });
    }
    throw error;
  }
}

function transferables(outcome: Outcome): Transferable[] {
  if (outcome.type !== 'result') return [];
  switch (outcome.of) {
    case 'samples':
      return [outcome.value.pixels.buffer as ArrayBuffer];
    case 'finish':
      return [outcome.value.network.buffer as ArrayBuffer];
    case 'export':
    case 'export-dataset':
      return [outcome.value.buffer as ArrayBuffer];
    default:
      return [];
  }
}

/** Compressed by the browser, so that the engine's modules need not carry that. */
async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
