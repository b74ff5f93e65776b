import { PurgeError } from 'purge-unlearning';

/** How many bytes a file's content has: gzip is unpacked to know, an archive says it at its end. */
export async function unpackedSize(file: File): Promise<number> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (head[0] === 0x1f && head[1] === 0x8b) return gzipSize(file);
  if (head[0] === 0x50 && head[1] === 0x4b) return (await zipSize(file)) ?? file.size;
  return file.size;
}

export function cutShort(file: File): PurgeError {
  const message = `${file.name}: it looks like gzip but cannot be unpacked; the file may be cut short.`;
  return new PurgeError('bad-dataset', message);
}

async function gzipSize(file: File): Promise<number> {
  let size = 0;
  try {
    const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
    for (let piece = await reader.read(); piece.value; piece = await reader.read()) size += piece.value.length;
  } catch {
    throw cutShort(file);
  }
  return size;
}

/** The sizes in the archive's directory; undefined where none is found, for the engine's reader says what is wrong. */
async function zipSize(file: File): Promise<number | undefined> {
  // The directory's end has 22 bytes and a comment after it, which nobody writes.
  const tail = new DataView(await file.slice(-22).arrayBuffer());
  if (tail.byteLength < 22 || tail.getUint32(0, true) !== 0x06054b50) return undefined;
  const [entries, length, start] = [tail.getUint16(10, true), tail.getUint32(12, true), tail.getUint32(16, true)];
  const directory = new DataView(await file.slice(start, start + length).arrayBuffer());
  let size = 0;
  for (let entry = 0, at = 0; entry < entries; entry++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== 0x02014b50) return undefined;
    size += directory.getUint32(at + 24, true);
    at +=
      46 + directory.getUint16(at + 28, true) + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
  }
  return size;
}
