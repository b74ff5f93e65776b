import { expect, it } from 'vitest';
import { Gate } from './gate';

/** Counts how often the gate has been gone through. */
function walk(gate: Gate, signal: AbortSignal) {
  const walked = { steps: 0 };
  void (async () => {
    while (!signal.aborted) {
      await gate.through(signal);
      if (!signal.aborted) walked.steps += 1;
      if (walked.steps === 5) gate.shut();
    }
  })();
  return walked;
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

it('an open gate lets a run go until it closes, and single steps after that', async () => {
  const gate = new Gate();
  const run = new AbortController();
  const walked = walk(gate, run.signal);
  await settle();
  expect(walked.steps).toBe(5);
  gate.pass();
  await settle();
  expect(walked.steps).toBe(6);
  gate.pass();
  gate.pass();
  await settle();
  expect(walked.steps).toBe(8);
  run.abort();
});

it('the end of a run lets it out of a closed gate', async () => {
  const gate = new Gate();
  gate.shut();
  const run = new AbortController();
  const waiting = gate.through(run.signal);
  run.abort();
  await expect(waiting).resolves.toBeUndefined();
});
