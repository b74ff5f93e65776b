export type Role = 'button' | 'tab' | 'table';

/** Something on the page, as assistive tools find it. */
export interface Control {
  /** False also for what only says of itself that it does nothing, by `aria-disabled`. */
  isEnabled(): Promise<boolean>;
  click(): Promise<void>;
}

/** One tab of a freshly started browser, whichever protocol that is driven with. */
export interface Tab {
  open(path: string): Promise<void>;
  /** Runs a function in the page. It must refer to nothing outside itself; what it returns crosses as JSON. */
  run<Result>(task: () => Result | Promise<Result>): Promise<Result>;
  /** By the accessible role and the whole accessible name, as the browser itself computes them. */
  find(role: Role, name: string): Promise<Control | undefined>;
  /** As PNG. */
  screenshot(): Promise<Uint8Array>;
  /** The uncaught errors and console errors since the last call. */
  takeProblems(): Promise<string[]>;
  close(): Promise<void>;
}

/** Runs in the page. */
export function isEnabled(element: Element): boolean {
  return !element.matches('[disabled], [aria-disabled="true"]');
}
