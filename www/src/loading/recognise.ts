import { PurgeError } from 'purge-unlearning';
import { cutShort, unpackedSize } from './unpacked';

/** Formats whose images and labels are files of their own. */
export type Apart = 'idx' | 'stl10';
/** Formats with a file or more for each half, labels and images together. */
export type Together = 'cifar10' | 'cifar100' | 'svhn';

/** What a dropped file turned out to be. */
export type Recognised = {
  file: File;
  /** What its content takes in memory, once it is unpacked. */
  bytes?: number;
} & (
  | { kind: 'model' | 'packed' | 'medmnist' }
  | ({ kind: 'images' | 'labels'; format: Apart } & Part)
  | ({ kind: 'samples'; format: Together } & Part)
);

interface Part {
  /** How many samples, or bytes, it has: more of them are rather for training. */
  count: number;
  /** Whether its name says that it is for training or for testing. */
  half?: 'train' | 'test';
}

/**
 * What a file is, by its content; the name only helps to tell training and testing apart.
 *
 * @throws PurgeError `bad-dataset` if it is none of the kinds the page takes.
 */
export async function recognise(file: File): Promise<Recognised> {
  const recognised = await kindOf(file);
  return recognised.kind === 'model' ? recognised : { ...recognised, bytes: await unpackedSize(file) };
}

async function kindOf(file: File): Promise<Recognised> {
  const head = await firstBytes(file);
  if ((head[0] === 0x50 && head[1] === 0x4b) || /\.npz$/i.test(file.name)) return { kind: 'medmnist', file };
  const half = halfOf(file.name);
  const part = (count: number): Part & { file: File } => ({ file, count, ...(half && { half }) });
  if (head[0] === 0 && head[1] === 0 && head[2] === 8 && (head[3] === 1 || head[3] === 3)) {
    const count = new DataView(head.buffer, head.byteOffset).getUint32(4);
    return { kind: head[3] === 3 ? 'images' : 'labels', format: 'idx', ...part(count) };
  }
  if (/\.purge$/i.test(file.name)) return { kind: 'packed', file };
  // By its name alone too: what is wrong with a broken network is the engine's to say.
  if (/\.safetensors$/i.test(file.name) || (await hasTensorsHeader(file))) return { kind: 'model', file };
  if (String.fromCharCode(...head).startsWith('MATLAB 5.0 MAT-f')) {
    return { kind: 'samples', format: 'svhn', ...part(file.size) };
  }
  // The others begin with their first sample: only their length tells them.
  const size = await unpackedSize(file);
  const [first = 0, second = 0] = head;
  const whole = (sample: number) => size > 0 && size % sample === 0;
  if (whole(3073) && first < 10) return { kind: 'samples', format: 'cifar10', ...part(size / 3073) };
  if (whole(3074) && first < 20 && second < 100) return { kind: 'samples', format: 'cifar100', ...part(size / 3074) };
  if (whole(27_648)) return { kind: 'images', format: 'stl10', ...part(size / 27_648) };
  if (/_y\.bin(\.gz)?$/i.test(file.name)) return { kind: 'labels', format: 'stl10', ...part(size) };
  const bytes = [...head.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new PurgeError(
    'bad-dataset',
    `${file.name}: expected a network (.safetensors), or images as MedMNIST (.npz), IDX, CIFAR, SVHN (.mat), STL-10 or .purge; it has ${size} bytes, and its first bytes are ${bytes}.`,
  );
}

/** Whether the file starts with the length of a JSON object, in eight bytes, and that object: a safetensors header. */
async function hasTensorsHeader(file: File): Promise<boolean> {
  const start = new DataView(await file.slice(0, 9).arrayBuffer());
  if (start.byteLength < 9 || start.getUint8(8) !== 0x7b) return false;
  const length = start.getBigUint64(0, true);
  if (length > BigInt(file.size - 8)) return false;
  try {
    // With a brace at its start, nothing but an object can be parsed from it.
    JSON.parse(await file.slice(8, 8 + Number(length)).text());
    return true;
  } catch {
    return false;
  }
}

function halfOf(name: string): Part['half'] {
  if (/t10k|test/i.test(name)) return 'test';
  return /train|data_batch/i.test(name) ? 'train' : undefined;
}

async function firstBytes(file: File): Promise<Uint8Array> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  if (head[0] !== 0x1f || head[1] !== 0x8b) return padded(head);
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    const { value } = await reader.read();
    return padded(value ?? head);
  } catch {
    throw cutShort(file);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  const sixteen = new Uint8Array(16);
  sixteen.set(bytes.subarray(0, 16));
  return sixteen;
}
