/* global tf, document */
import { beta, blocks, classes, drawn, groups, lambda, mask, oneHot, rate, side, temperature } from './network.js';

/** Opens TensorFlow.js on one of its backends; images are NHWC, as it has them. */
export async function open(packages, backend, batch) {
  const folder = (name) => `${packages}/@tensorflow/${name}/dist/`;
  await script(`${folder('tfjs')}tf.min.js`);
  if (backend === 'wasm' || backend === 'webgpu') {
    await script(`${folder(`tfjs-backend-${backend}`)}tf-backend-${backend}.min.js`);
  }
  if (backend === 'wasm') tf.wasm.setWasmPaths(folder('tfjs-backend-wasm'));
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`);
  await tf.ready();

  const weights = variables();
  const images = () => tf.tensor4d(drawn(batch * side * side, 2), [batch, side, side, 1]);
  const batches = {
    retain: images(),
    forget: images(),
    labels: tf.tensor2d(oneHot(batch, false), [batch, classes]),
    teacher: tf.tensor2d(drawn(batch * classes, 5), [batch, classes]),
    excluded: tf.tensor1d(mask()),
  };
  return {
    about: `TensorFlow.js ${tf.version.tfjs}, ${tf.getBackend()}`,
    async step() {
      const dot = tf.tidy(() => step(weights, batches));
      // Only what is read back is surely computed.
      await dot.data();
      dot.dispose();
    },
    async forward(images) {
      const logits = tf.tidy(() => {
        const all = tf.tensor4d(drawn(images * side * side, 2), [images, side, side, 1]);
        return forward(weights, all).logits;
      });
      await logits.data();
      logits.dispose();
    },
  };
}

function script(src) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement('script'), { src, onload: resolve });
    element.onerror = () => reject(new Error(`${src} could not be loaded`));
    document.head.append(element);
  });
}

function variables() {
  const variable = (shape, scale) => tf.variable(tf.tensor(drawn(tf.util.sizeFromShape(shape), scale), shape));
  const all = blocks.map(([input, output]) => ({
    kernel: variable([3, 3, input, output], Math.sqrt(6 / (9 * input))),
    bias: variable([output], 0.1),
    gamma: tf.variable(tf.ones([output])),
    delta: variable([output], 0.1),
  }));
  return { blocks: all, fc: variable([64, classes], 0.2), bias: variable([classes], 0.1) };
}

function listed({ blocks, fc, bias }) {
  return [...blocks.flatMap(({ kernel, bias, gamma, delta }) => [kernel, bias, gamma, delta]), fc, bias];
}

function forward(weights, images) {
  const taps = [];
  let x = images;
  for (const [block, { kernel, bias, gamma, delta }] of weights.blocks.entries()) {
    x = tf.relu(groupNorm(tf.add(tf.conv2d(x, kernel, 1, 'same'), bias), gamma, delta));
    if (block < 2) x = tf.maxPool(x, 2, 2, 'valid');
    else taps.push(tf.mean(x, [1, 2]));
  }
  return { logits: tf.add(tf.matMul(taps[1], weights.fc), weights.bias), taps };
}

function groupNorm(x, gamma, delta) {
  const [count, height, width, channels] = x.shape;
  const grouped = tf.reshape(x, [count, height * width, groups, channels / groups]);
  const { mean, variance } = tf.moments(grouped, [1, 3], true);
  const normal = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(tf.reshape(normal, x.shape), gamma), delta);
}

function step(weights, { retain, forget, labels, teacher, excluded }) {
  let means;
  const retainGradient = flatGradient(weights, () => {
    const { logits, taps } = forward(weights, retain);
    means = taps.map((tap) => tf.keep(tf.mean(tap, 0)));
    const entropy = tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1)));
    const soft = tf.logSoftmax(tf.div(teacher, temperature));
    const distance = divergence(soft, tf.logSoftmax(tf.div(logits, temperature)));
    return tf.add(entropy, tf.mul(distance, beta * temperature ** 2));
  });
  const stop = tf.customGrad((x) => ({ value: tf.clone(x), gradFunc: (dy) => tf.zerosLike(dy) }));
  const forgetGradient = flatGradient(weights, () => {
    const { logits, taps } = forward(weights, forget);
    const target = stop(tf.logSoftmax(tf.add(logits, excluded)));
    const errors = taps.map((tap, i) => tf.mean(tf.square(tf.sub(tap, means[i]))));
    // The last tap counts twice: it is the features, too.
    const representation = tf.div(tf.addN([...errors, errors[1]]), 3);
    return tf.add(divergence(target, tf.logSoftmax(logits)), tf.mul(representation, lambda));
  });
  tf.dispose(means);
  const dot = tf.sum(tf.mul(forgetGradient, retainGradient));
  const square = tf.sum(tf.mul(retainGradient, retainGradient));
  const part = tf.div(tf.minimum(dot, 0), tf.maximum(square, 1e-12));
  const gradient = tf.add(tf.sub(forgetGradient, tf.mul(retainGradient, part)), tf.mul(retainGradient, 0.5));
  const all = listed(weights);
  const parts = tf.split(
    gradient,
    all.map(({ size }) => size),
  );
  for (const [i, variable] of all.entries()) {
    variable.assign(tf.sub(variable, tf.mul(tf.reshape(parts[i], variable.shape), rate)));
  }
  return dot;
}

/** KL, of logarithms of probabilities. */
function divergence(target, own) {
  return tf.mean(tf.sum(tf.mul(tf.exp(target), tf.sub(target, own)), 1));
}

function flatGradient(weights, loss) {
  const all = listed(weights);
  const { grads } = tf.variableGrads(() => tf.squeeze(loss()), all);
  return tf.concat(all.map(({ name }) => tf.reshape(grads[name], [-1])));
}
