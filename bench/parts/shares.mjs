import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { median } from '../rounds.mjs';
import { table } from '../tables.mjs';

const folder = new URL('../../pkg/dist/cpu/', import.meta.url);
const served = new URL('../../www/public/', import.meta.url);
/** A step has two rounds of so many parts, and the second begins when the first is added up. */
const partsInRound = 8;

/**
 * What of a step can be shared among workers and what is the engine's alone, in Node, whose engine is Chromium's: all parts go to a
 * helper in the same thread, as bytes, as they would to another worker. From that follows what a step takes with more workers than this
 * machine has cores for.
 */
export async function shares({ options }) {
  const { Engine, Helper, default: init } = await import(new URL('purge_unlearning.js', folder));
  await init({ module_or_path: readFileSync(new URL('purge_unlearning_bg.wasm', folder)) });
  const helper = await Helper.create();
  const engine = await Engine.create();
  const crew = new Watched(helper);
  engine.setCrew(crew);
  engine.load('model', read('models/mnist-group.safetensors'), 'packed', ['mnist'], [unpacked('data/mnist.purge')]);
  const endless = { learning_rate: 1e-6, check_every: 1e6, epochs: 1e4, target_forget_accuracy: 0, retain_budget: 0 };
  await engine.startUnlearning({ forget_class: 3, batch_size: 128, ...endless });
  const steps = [];
  const count = options.quick ? 4 : 30;
  // The first ones compile the module to what it will be.
  for (let step = -4; step < count; step++) {
    crew.clear();
    const began = performance.now();
    await engine.advance(1);
    const all = performance.now() - began;
    const { parts, network, sent, back } = crew;
    const own = all - network.ms - parts.reduce((sum, ms) => sum + ms, 0);
    if (step >= 0) steps.push({ all, own, network: network.ms, part: median(parts), count: parts.length, sent, back });
  }
  const of = (key) => median(steps.map((step) => step[key]));
  const [own, network, part] = ['own', 'network', 'part'].map(of);
  const bytes = ['network', 'sent', 'back'].map((key) => (key === 'network' ? crew.network.bytes : of(key)));
  const taken = (workers) => 2 * Math.ceil(partsInRound / workers) * part + (workers > 1 ? network : 0) + own;
  const rows = [1, 2, 3, 4, 8].map((workers) => [
    workers,
    taken(workers).toFixed(1),
    (taken(workers) / taken(1)).toFixed(2),
    (taken(1) / taken(workers)).toFixed(1),
  ]);
  const kilobytes = (count) => `${(count / 1e3).toFixed(0)} kB`;
  const lines = [
    '### A step and its parts (simd128, Node)\n',
    table(
      'lr',
      ['of a step', 'ms'],
      [
        [`each of ${of('count')} parts of 16 images`, part.toFixed(2)],
        ['the engine’s own: sums in order, projection, clipping, momentum, bytes', own.toFixed(2)],
        ['a helper reads θ', network.toFixed(2)],
      ],
    ),
    `\nTo a helper go ${kilobytes(bytes[0])} of θ and, of all parts, ${kilobytes(bytes[1])}; back come ${kilobytes(bytes[2])}.\n`,
    table('rrrr', ['workers', 'ms, on paper', 'of one worker’s', 'times as fast'], rows),
  ];
  return { text: lines.join('\n'), data: { own, network, part, bytes, steps } };
}

/** A crew, see `pkg/src/crew.ts`, of one helper that answers at once. */
class Watched {
  network = { ms: 0, bytes: 0 };
  parts = [];
  sent = 0;
  back = 0;
  #helper;
  #answers = [];

  constructor(helper) {
    this.#helper = helper;
  }

  clear() {
    this.network.ms = this.sent = this.back = 0;
    this.parts = [];
  }

  begin(network) {
    if (!network) return;
    const began = performance.now();
    this.#helper.takeNetwork(network);
    this.network = { ms: performance.now() - began, bytes: network.length };
  }

  hasRoom(left) {
    return left > 0;
  }

  give(index, part) {
    const began = performance.now();
    const answer = this.#helper.work(part);
    this.parts.push(performance.now() - began);
    this.sent += part.length;
    this.back += answer.length;
    this.#answers.push([index, answer]);
  }

  collect() {
    return Promise.resolve(this.#answers.splice(0));
  }
}

function read(path) {
  return new Uint8Array(readFileSync(new URL(path, served)));
}

function unpacked(path) {
  return new Uint8Array(gunzipSync(read(path)));
}
