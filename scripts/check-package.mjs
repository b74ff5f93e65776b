// Holds what `npm pack` would put into the package against what belongs there.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function packed() {
  // Without the scripts, or this one would run itself: it is the package's prepack.
  const args = ['pack', '--workspace', 'pkg', '--dry-run', '--json', '--ignore-scripts'];
  const [report] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }));
  return report;
}

function expected() {
  const sources = readdirSync(`${root}/pkg/src`, { recursive: true }).filter((name) => name.endsWith('.ts'));
  const stems = sources.map((name) => name.slice(0, -'.ts'.length));
  const suffixes = ['', ...Array.from({ length: 10 }, (_, digit) => `-without-${digit}`)];
  return [
    'package.json',
    'README.md',
    'LICENSE-MIT',
    'LICENSE-APACHE',
    ...stems.flatMap((stem) => [`lib/${stem}.js`, `lib/${stem}.d.ts`]),
    ...['cpu', 'cpu-relaxed', 'webgpu'].flatMap((device) =>
      ['purge_unlearning.js', 'purge_unlearning_bg.wasm'].map((file) => `dist/${device}/${file}`),
    ),
    'assets/data/NOTICE.md',
    'assets/data/mnist.purge',
    ...['group', 'batch'].flatMap((norm) =>
      suffixes.map((suffix) => `assets/models/mnist-${norm}${suffix}.safetensors`),
    ),
  ];
}

const { files, size, unpackedSize } = packed();
const wanted = new Set(expected());
const found = new Map(files.map((file) => [file.path, file.size]));
const problems = [
  ...[...wanted].filter((path) => !found.has(path)).map((path) => `${path} is missing: run make build`),
  ...[...found.keys()].filter((path) => !wanted.has(path)).map((path) => `${path} does not belong there`),
  ...[...found].filter(([, bytes]) => bytes === 0).map(([path]) => `${path} is empty`),
];
for (const problem of problems) console.error(`error: the package: ${problem}`);
if (problems.length > 0) process.exit(1);
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
console.log(`the package: ${found.size} files, ${megabytes(unpackedSize)}, ${megabytes(size)} to download`);
