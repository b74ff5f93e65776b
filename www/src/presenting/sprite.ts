import type { Samples } from 'purge-unlearning';

/** An image made of samples side by side. */
export interface Sprite {
  url: string;
  width: number;
  height: number;
}

const gap = 3;

/**
 * Draws samples side by side.
 *
 * @param glyphs Grey values become opacity, so that the page can ink them in its own colour.
 */
export function sprite(samples: Samples, glyphs: boolean): Sprite | undefined {
  const { count, channels, height, width, pixels } = samples;
  const canvas = document.createElement('canvas');
  canvas.width = count * width + (count - 1) * gap;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context || count === 0) return undefined;
  const plane = width * height;
  for (let n = 0; n < count; n++) {
    const image = context.createImageData(width, height);
    for (let p = 0; p < plane; p++) {
      const at = (channel: number) => pixels[(n * channels + Math.min(channel, channels - 1)) * plane + p] ?? 0;
      image.data.set(glyphs ? [0, 0, 0, at(0)] : [at(0), at(1), at(2), 255], p * 4);
    }
    context.putImageData(image, n * (width + gap), 0);
  }
  return { url: canvas.toDataURL(), width: canvas.width, height };
}
