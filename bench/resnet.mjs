import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const classes = 10;
const side = 32;

/**
 * Writes a ResNet-18 with ImageNet's stem and drawn weights, and a packed set of noise for it: speed does not depend on what a
 * network knows.
 *
 * @returns The two files.
 */
export function writeResnet(folder) {
  mkdirSync(folder, { recursive: true });
  const files = { model: join(folder, 'resnet.safetensors'), data: join(folder, 'noise.purge') };
  const random = numbers(1);
  writeFileSync(files.model, safetensors(layers(), random));
  writeFileSync(files.data, noise(random));
  return files;
}

/** Names and shapes as torchvision has them. */
function layers() {
  const all = [];
  const norm = (name, channels) => {
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) all.push([`${name}.${part}`, [channels]]);
  };
  const convolution = (name, ...shape) => all.push([`${name}.weight`, shape]);
  convolution('conv1', 64, 3, 7, 7);
  norm('bn1', 64);
  for (let stage = 0; stage < 4; stage++) {
    for (let block = 0; block < 2; block++) {
      const [name, output] = [`layer${stage + 1}.${block}`, 64 << stage];
      const input = block === 0 && stage > 0 ? output / 2 : output;
      convolution(`${name}.conv1`, output, input, 3, 3);
      norm(`${name}.bn1`, output);
      convolution(`${name}.conv2`, output, output, 3, 3);
      norm(`${name}.bn2`, output);
      if (input === output) continue;
      convolution(`${name}.downsample.0`, output, input, 1, 1);
      norm(`${name}.downsample.1`, output);
    }
  }
  all.push(['fc.weight', [classes, 512]], ['fc.bias', [classes]]);
  return all;
}

function safetensors(layers, random) {
  const header = {};
  const parts = [];
  let at = 0;
  for (const [name, shape] of layers) {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, valueOf(name, shape, random));
    header[name] = { dtype: 'F32', shape, data_offsets: [at, (at += values.byteLength)] };
    parts.push(Buffer.from(values.buffer));
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

/** As a network begins: norms are the identity, all others keep the spread of what goes through them. */
function valueOf(name, shape, random) {
  if (shape.length === 1) return () => (/(weight|running_var)$/.test(name) && name !== 'fc.bias' ? 1 : 0);
  const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
  return () => (random() * 2 - 1) * Math.sqrt(6 / inputs);
}

function noise(random) {
  const perClass = { train: 80, test: 4 };
  const header = {
    name: 'noise',
    title: 'Noise',
    class_names: Array.from({ length: classes }, (_, k) => `${k}`),
    channels: 3,
    height: side,
    width: side,
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    members: 'all training images',
    splits: Object.entries(perClass).map(([name, count]) => ({ name, count: count * classes })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(1);
  numbers.writeUInt32LE(json.length, 4);
  const splits = header.splits.flatMap(({ count }) => [
    Buffer.from(Array.from({ length: count }, (_, i) => i % classes)),
    Buffer.from(Array.from({ length: count * 3 * side * side }, () => random() * 256)),
  ]);
  return Buffer.concat([Buffer.from('PURGEDS\0'), numbers, json, ...splits]);
}

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
