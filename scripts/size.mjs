import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

// Bytes after brotli, of the module and its glue together: what a visitor downloads.
const budgets = { webgpu: 1_700_000, cpu: 660_000, 'cpu-relaxed': 660_000 };

const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).length;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(3)} MB`;

console.log('| module | raw | brotli 9 | budget |\n|---|---|---|---|');
for (const [module, budget] of Object.entries(budgets)) {
  const files = ['purge_unlearning_bg.wasm', 'purge_unlearning.js'].map((name) =>
    readFileSync(new URL(`../pkg/dist/${module}/${name}`, import.meta.url)),
  );
  const raw = files.reduce((sum, bytes) => sum + bytes.length, 0);
  const compressed = files.reduce((sum, bytes) => sum + brotli(bytes), 0);
  console.log(`| ${module} | ${megabytes(raw)} | ${megabytes(compressed)} | ${megabytes(budget)} |`);
  if (compressed > budget) {
    console.error(`error: the ${module} module is ${megabytes(compressed - budget)} over its budget`);
    process.exitCode = 1;
  }
}
