// bench.mjs --program PURGE [--python PYTHON] [OPTIONS]: measures everything in one run. scripts/bench.sh builds what it needs.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, serve } from './browser.mjs';
import { parts, readOptions } from './options.mjs';
import { gpu } from './parts/gpu.mjs';
import { layers } from './parts/layers.mjs';
import { memory } from './parts/memory.mjs';
import { page } from './parts/page.mjs';
import { peers } from './parts/peers.mjs';
import { runs } from './parts/runs.mjs';
import { shares } from './parts/shares.mjs';
import { resnet, steps } from './parts/steps.mjs';
import { writeResnet } from './resnet.mjs';

const measures = { steps, shares, resnet, runs, page, memory, gpu, layers, peers };
const port = Number(process.env.PORT ?? 4820);
const say = (words) => console.error(`- ${words}`);

/** What the parts share. A browser that cannot be had is told of by each part that wants it. */
class Bench {
  notes = [];
  #folder = mkdtempSync(join(tmpdir(), 'purge-bench-'));
  #origin;
  #browser;
  #resnet;

  constructor(options) {
    this.options = options;
    this.program = options.program;
    this.python = options.python;
    this.say = say;
    this.port = port;
    if (options.packages) this.#servePeers(options.packages);
    this.note = (words) => {
      say(`not measured: ${words}`);
      this.notes.push(words.split('\n')[0]);
    };
  }

  #servePeers(packages) {
    symlinkSync(packages, join(this.#folder, 'packages'));
    symlinkSync(fileURLToPath(new URL('peers', import.meta.url)), join(this.#folder, 'peers'));
    writeFileSync(join(this.#folder, 'blank.html'), '<!doctype html><meta charset="utf-8" />');
  }

  /** The files of the large network. */
  resnet() {
    this.#resnet ??= writeResnet(this.#folder);
    return this.#resnet;
  }

  async inChromium(work) {
    this.#origin ??= serve(port, this.#folder);
    this.#browser ??= this.#launch();
    return work(await this.#browser, await this.#origin);
  }

  /** One that ends, as when it runs out of memory, is replaced for the parts to come. */
  async #launch() {
    const browser = await launch();
    browser.on('disconnected', () => (this.#browser = undefined));
    return browser;
  }

  async machine() {
    const browser = await this.#browser?.catch(() => undefined);
    const chromium = browser?.version();
    const load = loadavg()[0].toFixed(1);
    const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`;
    return { date: new Date().toISOString().slice(0, 10), machine, chromium, load };
  }

  async close() {
    await this.#browser?.then((browser) => browser.close()).catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  const bench = new Bench(options);
  const results = {};
  const texts = [];
  if (!options.python) bench.note('PyTorch: it is not installed; --peer installs it in the user’s cache');
  for (const part of parts.filter(options.wanted)) {
    say(part);
    try {
      const { text, data } = await measures[part](bench);
      results[part] = data;
      texts.push(text);
    } catch (error) {
      bench.note(`${part}: ${error.message}`);
    }
  }
  const about = await bench.machine();
  await bench.close();
  const { date, machine, chromium, load } = about;
  const loaded = load > 0.5 ? ` The machine’s load at the end was ${load}.` : '';
  console.log(`${date}, ${machine}${chromium ? `, Chromium ${chromium}` : ''}; ${options.words}.${loaded}\n`);
  console.log(texts.join('\n\n'));
  if (bench.notes.length) console.log(`\nNot measured:\n\n${bench.notes.map((note) => `- ${note}`).join('\n')}`);
  if (options.json) {
    writeFileSync(options.json, `${JSON.stringify({ ...about, results, notes: bench.notes }, null, 1)}\n`);
  }
}

await main();
// The server would keep the process.
process.exit();
