/** The page's network for MNIST and a step's batches, with drawn numbers: speed does not depend on what they are. */

export const classes = 10;
export const forgetClass = 3;
export const side = 28;
/** Channels of each convolution. */
export const blocks = [
  [1, 16],
  [16, 32],
  [32, 64],
  [64, 64],
];
export const groups = 8;
/** Of the strict preset, with a learning rate at which nothing is ever forgotten. */
export const beta = 3;
export const lambda = 0.03;
export const temperature = 4;
export const rate = 1e-12;

/** Numbers from −1 to 1 times `scale`. */
export function drawn(length, scale) {
  return Float32Array.from({ length }, () => (Math.random() * 2 - 1) * scale);
}

/** Labels as rows of 0 and 1: all of the forgotten class, or none of it. */
export function oneHot(count, forget) {
  const rows = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const other = (forgetClass + 1 + (i % (classes - 1))) % classes;
    rows[i * classes + (forget ? forgetClass : other)] = 1;
  }
  return rows;
}

/** Added to logits it leaves the forgotten class out. */
export function mask() {
  return Float32Array.from({ length: classes }, (_, k) => (k === forgetClass ? -1e9 : 0));
}
