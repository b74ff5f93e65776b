import { execFileSync } from 'node:child_process';

/** Native GFLOP/s of each layer, a table that the shell prints itself. */
export function layers({ program, options }) {
  const steps = options.quick ? '1' : '3';
  const subject = ['--model', 'www/public/models/mnist-group.safetensors', '--data', 'www/public/data/mnist.purge'];
  const said = execFileSync(program, ['bench', ...subject, '--class', '3', '--layers', '--steps', steps], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = said.split('\n').filter((line) => line.startsWith('|'));
  return { text: ['### Layers, native, 128 images\n', ...lines].join('\n'), data: lines };
}
