/** One thing that brings the engine nearer to what the visitor wants. */
export interface Task<Name extends string> {
  name: Name;
  /** Whether there is anything to do. */
  due: () => boolean;
  perform: () => Promise<void>;
  /**
   * Takes note of a failure.
   *
   * @returns Whether the same may be tried again at once: something has changed.
   */
  failed: (error: unknown) => boolean;
}

/**
 * Does what is due, first things first and one at a time, until nothing is. What is due is asked anew after each, so that
 * whatever the visitor has done meanwhile counts.
 */
export class Tasks<Name extends string> {
  /** What is being done. */
  doing: Name | undefined = $state();
  /** What has failed: it waits until it is allowed again. */
  #failed: readonly Name[] = $state.raw([]);
  readonly #tasks: readonly Task<Name>[];
  #settling: Promise<void> | undefined;

  constructor(tasks: readonly Task<Name>[]) {
    this.#tasks = tasks;
  }

  /** Whether a task is due and has not failed. */
  due(name: Name): boolean {
    return !this.#failed.includes(name) && this.#tasks.some((task) => task.name === name && task.due());
  }

  /** Lets what has failed be tried again. */
  allow(): void {
    this.#failed = [];
  }

  /** Does whatever is due; resolves when nothing is any more. */
  settle(): Promise<void> {
    this.#settling ??= this.#settle();
    return this.#settling;
  }

  async #settle(): Promise<void> {
    // So that the caller has done all it wants to before anything is begun.
    await Promise.resolve();
    for (let task = this.#next(); task; task = this.#next()) {
      this.doing = task.name;
      try {
        await task.perform();
      } catch (error) {
        if (!task.failed(error)) this.#failed = [...this.#failed, task.name];
      }
    }
    this.doing = this.#settling = undefined;
  }

  #next(): Task<Name> | undefined {
    return this.#tasks.find((task) => this.due(task.name));
  }
}
