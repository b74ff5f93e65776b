import { beta, blocks, classes, drawn, groups, lambda, mask, oneHot, rate, side, temperature } from './network.js';

/** Opens jax-js on one of its devices; images are NCHW, and the whole step is one `jit`. */
export async function open(packages, device, batch) {
  const jax = await import(`${packages}/@jax-js/jax/dist/index.js`);
  const { numpy: np } = jax;
  const there = await jax.init();
  if (!there.includes(device)) throw new Error(`jax-js has no device ${device} here`);
  jax.defaultDevice(device);

  const array = (numbers, shape) => np.array(numbers).reshape(shape);
  const images = (count) => array(drawn(count * side * side, 2), [count, 1, side, side]);
  let weights = drawnWeights(array);
  const batches = {
    retain: images(batch),
    forget: images(batch),
    labels: array(oneHot(batch, false), [batch, classes]),
    teacher: array(drawn(batch * classes, 5), [batch, classes]),
    excluded: array(mask(), [1, classes]),
  };
  const network = forwardOf(jax);
  const step = jax.jit(stepOf(jax, network));
  const logitsOf = jax.jit((weights, images) => network(weights, images).logits);
  const shared = () => Object.fromEntries(Object.entries(batches).map(([name, of]) => [name, of.ref]));
  return {
    about: `jax-js, ${device}`,
    async step() {
      const [next, dot] = step(weights, shared());
      weights = next;
      await dot.data();
    },
    async forward(count) {
      await logitsOf(
        weights.map((one) => one.ref),
        images(count),
      ).data();
    },
  };
}

/** For each block kernel, bias, and the norm's two; then the last layer's. */
function drawnWeights(array) {
  const all = blocks.flatMap(([input, output]) => [
    array(drawn(output * input * 9, Math.sqrt(6 / (9 * input))), [output, input, 3, 3]),
    array(drawn(output, 0.1), [1, output, 1, 1]),
    array(new Float32Array(output).fill(1), [1, output, 1, 1]),
    array(drawn(output, 0.1), [1, output, 1, 1]),
  ]);
  return [...all, array(drawn(64 * classes, 0.2), [64, classes]), array(drawn(classes, 0.1), [1, classes])];
}

/** In jax-js whoever uses an array consumes it; `ref` is for all uses but the last. */
function forwardOf({ numpy: np, lax, nn }) {
  const groupNorm = (x, gamma, delta) => {
    const { shape } = x;
    const [count, channels, height, width] = shape;
    const grouped = x.reshape([count, groups, (channels / groups) * height * width]);
    const centred = grouped.ref.sub(np.mean(grouped, 2, { keepdims: true }));
    const variance = np.mean(centred.ref.mul(centred.ref), 2, { keepdims: true });
    return centred
      .div(np.sqrt(variance.add(1e-5)))
      .reshape(shape)
      .mul(gamma)
      .add(delta);
  };
  const pooled = (x) => {
    const [count, channels, height, width] = x.shape;
    return np.max(x.reshape([count, channels, height / 2, 2, width / 2, 2]), [3, 5]);
  };
  return (weights, images) => {
    const taps = [];
    let x = images;
    for (const block of blocks.keys()) {
      const [kernel, bias, gamma, delta] = weights.slice(4 * block, 4 * block + 4);
      const sums = lax.convGeneralDilated(x, kernel, [1, 1], 'SAME').add(bias);
      x = nn.relu(groupNorm(sums, gamma, delta));
      if (block < 2) x = pooled(x);
      else taps.push(np.mean(block === 2 ? x.ref : x, [2, 3]));
    }
    const [fc, bias] = weights.slice(-2);
    return { logits: np.matmul(taps[1].ref, fc).add(bias), taps };
  };
}

function stepOf(jax, network) {
  const { numpy: np, nn, lax } = jax;
  const rows = (x) => np.mean(np.sum(x, 1));
  const divergence = (target, own) => rows(np.exp(target.ref).mul(target.sub(own)));

  const retainLoss = (weights, { images, labels, teacher }) => {
    const { logits, taps } = network(weights, images);
    const entropy = rows(labels.mul(nn.logSoftmax(logits.ref, 1))).mul(-1);
    const soft = nn.logSoftmax(teacher.mul(1 / temperature), 1);
    const distance = divergence(soft, nn.logSoftmax(logits.mul(1 / temperature), 1));
    return [entropy.add(distance.mul(beta * temperature ** 2)), taps.map((tap) => np.mean(lax.stopGradient(tap), 0))];
  };
  const forgetLoss = (weights, { images, excluded, means }) => {
    const { logits, taps } = network(weights, images);
    const target = nn.logSoftmax(lax.stopGradient(logits.ref).add(excluded), 1);
    const [first, last] = taps.map((tap, i) => {
      const error = tap.sub(means[i]);
      return np.mean(error.ref.mul(error));
    });
    // The last tap counts twice: it is the features, too.
    const representation = first.add(last.mul(2)).mul(lambda / 3);
    return divergence(target, nn.logSoftmax(logits, 1)).add(representation);
  };

  return (weights, { retain, forget, labels, teacher, excluded }) => {
    const again = () => weights.map((one) => one.ref);
    const aboutRetain = { images: retain, labels, teacher };
    const [[loss, means], retainGradient] = jax.valueAndGrad(retainLoss, { hasAux: true })(again(), aboutRetain);
    loss.dispose();
    const forgetGradient = jax.grad(forgetLoss)(again(), { images: forget, excluded, means });
    const dotOf = (a, b) => a.map((one, i) => np.sum(one.ref.mul(b[i].ref))).reduce((sum, one) => sum.add(one));
    const dot = dotOf(forgetGradient, retainGradient);
    const square = dotOf(retainGradient, retainGradient);
    const part = np.minimum(dot.ref, 0).div(np.maximum(square, 1e-12));
    const next = weights.map((one, i) => {
      const projected = forgetGradient[i].sub(retainGradient[i].ref.mul(part.ref)).add(retainGradient[i].mul(0.5));
      return one.sub(projected.mul(rate));
    });
    part.dispose();
    return [next, dot];
  };
}
