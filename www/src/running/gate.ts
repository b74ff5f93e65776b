/** Where a run waits before each step: it stands open, or lets single steps through. */
export class Gate {
  #open = true;
  #passes = 0;
  #wake: (() => void) | undefined;

  open(): void {
    this.#open = true;
    this.#wake?.();
  }

  shut(): void {
    this.#open = false;
    this.#passes = 0;
  }

  /** Lets one step through a closed gate. */
  pass(): void {
    this.#passes += 1;
    this.#wake?.();
  }

  /** Resolves when the next step may be taken, or when `signal` ends the run. */
  async through(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake?.();
    signal.addEventListener('abort', stop, { once: true });
    while (!this.#open && this.#passes === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    signal.removeEventListener('abort', stop);
    if (this.#passes > 0) this.#passes -= 1;
  }
}
