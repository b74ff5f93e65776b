import type { Reporter, Suite } from '@playwright/test/reporter';

/** Ends the output with "N passed, N failed", after a line for each test that was skipped and why. */
export default class ClosingLine implements Reporter {
  private suite: Suite | undefined;
  private errorsOutsideTests = 0;

  onBegin(_: unknown, suite: Suite): void {
    this.suite = suite;
  }

  onError(): void {
    this.errorsOutsideTests++;
  }

  onEnd(): void {
    const tests = this.suite?.allTests() ?? [];
    const count = (outcome: string) => tests.filter((test) => test.outcome() === outcome).length;
    for (const test of tests.filter((test) => test.outcome() === 'skipped')) {
      const reason = test.annotations.find(({ type }) => type === 'skip')?.description ?? 'the run ended before it';
      console.log(`skipped: ${test.titlePath().filter(Boolean).join(' › ')}: ${reason}`);
    }
    console.log(`${count('expected')} passed, ${count('unexpected') + this.errorsOutsideTests} failed`);
  }
}
