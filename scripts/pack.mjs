// pack.mjs [--light] --out FILE KIND SOURCE...: writes a dataset as the compact file that the page loads.
// It runs the very module the page runs, so that packing needs no native build.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import init, { Engine } from '../pkg/dist/cpu/purge_unlearning.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { light: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const [kind, ...sources] = positionals;

try {
  await init({
    module_or_path: readFileSync(new URL('../pkg/dist/cpu/purge_unlearning_bg.wasm', import.meta.url)),
  });
  const engine = await Engine.create();
  const files = sources.map((source) => readFileSync(source));
  const names = sources.map((source) => basename(source));
  engine.loadDataset(kind, names, files);
  const packed = gzipSync(engine.exportDataset(values.light), { level: 9 });
  mkdirSync(dirname(values.out), { recursive: true });
  // Whoever finds the file finds all of it.
  writeFileSync(`${values.out}.part`, packed);
  renameSync(`${values.out}.part`, values.out);
} catch (error) {
  // What the engine throws is a plain object with a message.
  console.error(`error: packing ${values.out}: ${error.message}`);
  process.exitCode = 1;
}
