/** Where there are no frames, in tests, everything is drawn at once. */
const nextFrame = globalThis.requestAnimationFrame?.bind(globalThis) ?? ((draw: () => void) => draw());

/** Draws at most once a frame, and then what was asked for last. */
export class Frames {
  readonly #next: (draw: () => void) => unknown;
  #due: (() => void) | undefined;

  constructor(next: (draw: () => void) => unknown = nextFrame) {
    this.#next = next;
  }

  ask(draw: () => void): void {
    const waits = this.#due !== undefined;
    this.#due = draw;
    if (!waits) this.#next(() => this.now());
  }

  /** Draws what has been asked for, a frame or not: a page that is not seen has none. */
  now(): void {
    const draw = this.#due;
    this.#due = undefined;
    draw?.();
  }
}
