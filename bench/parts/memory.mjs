import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { table } from '../tables.mjs';

/** What many runs and resets in one page take: `tests/browser/memory.spec.ts` with more cycles. */
export async function memory({ options, note, port }) {
  const folder = mkdtempSync(join(tmpdir(), 'purge-memory-'));
  const file = join(folder, 'taken');
  try {
    const env = { ...process.env, CYCLES: `${options.cycles}`, MEMORY: file, PORT: `${port + 2}` };
    const args = ['playwright', 'test', 'tests/browser/memory.spec.ts', '--reporter', 'line'];
    await promisify(execFile)('npx', args, { env, maxBuffer: 1 << 26 }).catch(({ stdout }) => {
      note(`memory: the test failed: ${/Error: .*/.exec(stdout)?.[0] ?? 'see its output'}`);
    });
    const data = [1, 2].flatMap((workers) => read(`${file}.${workers}`, workers));
    if (data.length === 0) throw new Error('nothing came of the test');
    return { text: tableOf(data), data };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function read(path, workers) {
  try {
    return [{ workers, samples: JSON.parse(readFileSync(path, 'utf8')) }];
  } catch {
    return [];
  }
}

function tableOf(data) {
  const megabytes = (bytes) => (bytes === undefined ? '' : (bytes / 1e6).toFixed(1));
  const rows = data.flatMap(({ workers, samples }) =>
    [samples[0], samples.at(-1)].map(({ cycle, wasm, heap, process, objects }) => [
      workers,
      cycle,
      wasm.map(megabytes).join(' + '),
      megabytes(heap),
      megabytes(process),
      Object.values(objects).reduce((sum, count) => sum + count, 0),
    ]),
  );
  const head = ['workers', 'runs and resets', 'modules, MB', 'page’s heap, MB', 'process, MB', 'counted objects'];
  return ['### Memory over many runs in one page\n', table('rrrrrr', head, rows)].join('\n');
}
