/*
 * Helpers of an engine, as the engine's worker sees them: each behind a port, each with a module of its own. Which of them
 * gets a part is decided here; in which order the parts are added up is decided by the engine, so that the sums never
 * depend on who was quick.
 */

/** Engine to helper: the network that the parts after it are about, or a part. */
export type ToHelper = { network: Uint8Array } | { id: number; part: Uint8Array };

/** Helper to engine: it can work, it leaves, or what a part gave; no answer where it failed. */
export type FromHelper = 'ready' | 'leaves' | { id: number; answer?: Uint8Array };

/** The end of a channel that is used. */
export type Port = Pick<MessagePort, 'postMessage' | 'onmessage' | 'close'>;

/** A part that came back, and what it gave; nothing where it has to be done again. */
export type Back = [index: number, answer: Uint8Array | undefined];

/** Parts that a helper has beside the one it works on, so that it need not wait for the engine, which works as well. */
const AHEAD = 1;
/** How much longer than the slowest part so far a part may take before it is done again. */
const PATIENCE = 4;
const LEAST_PATIENCE = 300;
/** Before anything is known: a helper's first part takes longest. */
const FIRST_PATIENCE = 2000;

interface Given {
  index: number;
  job: number;
  at: number;
}

interface Helper {
  port: Port;
  ready: boolean;
  /** The newest network that it was sent. */
  version: number;
  /** What it has not answered yet. */
  given: Map<number, Given>;
  /** It gets nothing until it has answered. */
  late: boolean;
}

/** What the engine's module calls. */
export class Crew {
  readonly #helpers = new Map<number, Helper>();
  readonly #breath = new MessageChannel();
  #network: Uint8Array = new Uint8Array();
  #version = 0;
  #job = 0;
  #lastId = 0;
  #slowest = 0;
  #back: Back[] = [];
  #wake: () => void = () => {};
  #breathed: () => void = () => {};

  constructor() {
    this.#breath.port2.onmessage = () => this.#breathed();
  }

  /** Takes a helper on. It counts once it says that it is ready. */
  hire(id: number, port: Port): void {
    const helper: Helper = { port, ready: false, version: 0, given: new Map(), late: false };
    this.#helpers.set(id, helper);
    port.onmessage = ({ data }: MessageEvent<FromHelper>) => {
      if (data === 'ready') helper.ready = true;
      else if (data === 'leaves') this.#dismiss(id);
      else this.#answered(id, helper, data);
    };
  }

  /** Lets go those that no longer answer, and says which. */
  dismissSilent(): number[] {
    const silent = [...this.#helpers].filter(([, { late }]) => late).map(([id]) => id);
    silent.forEach((id) => this.#dismiss(id));
    return silent;
  }

  /** Begins another job: whatever comes back of earlier ones is no longer wanted. */
  begin(network?: Uint8Array): void {
    this.#job++;
    this.#back = [];
    if (!network) return;
    this.#network = network;
    this.#version++;
  }

  /** Whether a helper should get another part. The last ones are for whoever is free, and the engine is free when it asks. */
  hasRoom(left: number): boolean {
    const next = this.#next();
    return next !== undefined && left > (next.given.size === 0 ? 1 : this.#helpers.size);
  }

  give(index: number, part: Uint8Array): void {
    const helper = this.#next();
    if (!helper) {
      this.#back.push([index, undefined]);
      return;
    }
    if (helper.version !== this.#version) {
      helper.port.postMessage({ network: this.#network } satisfies ToHelper);
      helper.version = this.#version;
    }
    const id = ++this.#lastId;
    helper.given.set(id, { index, job: this.#job, at: performance.now() });
    helper.port.postMessage({ id, part } satisfies ToHelper, [part.buffer as ArrayBuffer]);
  }

  async collect(wait: boolean): Promise<Back[]> {
    if (this.#back.length === 0) await (wait ? this.#arrival() : this.#turn());
    const back = this.#back;
    this.#back = [];
    return back;
  }

  /** The one with the least to do. */
  #next(): Helper | undefined {
    const able = [...this.#helpers.values()].filter(({ ready, late, given }) => ready && !late && given.size <= AHEAD);
    return able.sort((a, b) => a.given.size - b.given.size)[0];
  }

  #answered(id: number, helper: Helper, { id: part, answer }: Exclude<FromHelper, string>): void {
    const given = helper.given.get(part);
    if (!given) return;
    helper.given.delete(part);
    this.#slowest = Math.max(performance.now() - given.at, this.#slowest * 0.99);
    // What is late was done again.
    if (given.job === this.#job && !helper.late) this.#back.push([given.index, answer]);
    if (helper.given.size === 0) helper.late = false;
    if (!answer) this.#dismiss(id);
    this.#wake();
  }

  #dismiss(id: number): void {
    const helper = this.#helpers.get(id);
    if (!helper) return;
    this.#helpers.delete(id);
    helper.port.close();
    if (!helper.late) this.#again(helper);
    this.#wake();
  }

  /** What a helper has, another must do. */
  #again({ given }: Helper): void {
    const current = [...given.values()].filter(({ job }) => job === this.#job);
    this.#back.push(...current.map(({ index }): Back => [index, undefined]));
  }

  /**
   * Once the messages that are there already have been heard. Not sooner, though an answer may be among them: the breath would
   * stay behind and end the next turn before its answers are heard.
   */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#breathed = resolve;
      this.#breath.port1.postMessage(undefined);
    });
  }

  /** Once a part is back, or has been away for so long that whoever has it may be gone: a worker that ends says nothing. */
  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const patience = this.#slowest ? Math.max(LEAST_PATIENCE, PATIENCE * this.#slowest) : FIRST_PATIENCE;
      const timer = setTimeout(() => {
        for (const helper of this.#helpers.values()) {
          if (helper.given.size === 0 || helper.late) continue;
          helper.late = true;
          this.#again(helper);
        }
        resolve();
      }, patience);
      this.#wake = () => {
        if (this.#back.length === 0) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
