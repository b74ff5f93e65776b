import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** The parts, in the order in which they are measured. */
export const parts = ['steps', 'shares', 'resnet', 'runs', 'page', 'memory', 'gpu', 'layers', 'peers'];

/** What the command line asks for. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      program: { type: 'string' },
      python: { type: 'string' },
      packages: { type: 'string' },
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      'no-gpu': { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      workers: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const only = values.only?.split(',');
  const unknown = only?.find((part) => !parts.includes(part));
  if (unknown !== undefined) throw new Error(`--only: expected some of ${parts.join(', ')}, found ${unknown}`);
  const { quick, program, python, packages } = values;
  const wanted = (part) => (only ? only.includes(part) : part !== 'peers' || values.peers);
  const rounds = whole('--rounds', values.rounds) ?? (quick ? 2 : 5);
  const stepsInRound = quick ? 2 : 6;
  return {
    program,
    python,
    packages,
    quick,
    wanted: (part) => wanted(part) && !(part === 'gpu' && values['no-gpu']),
    gpu: !values['no-gpu'],
    rounds,
    stepsInRound,
    words: `${rounds} rounds of ${stepsInRound} steps`,
    runs: quick ? 1 : 3,
    cycles: quick ? 20 : 300,
    // One worker more than one, or there would be nothing to compare.
    workers: whole('--workers', values.workers) ?? Math.max(2, Math.min(8, availableParallelism())),
    // Seconds that a peer may take for a step.
    patience: quick ? 60 : 180,
    json: values.json,
  };
}

function whole(name, text) {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${name}: expected a whole number from 1 on, found ${text}`);
  return Number(text);
}
