// Norm, ReLU and pool; a workgroup has a group of channels of an image. info: channels of a group, height, width; 1 to pool;
// 1 where mean and variance are given; ε.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let channels = info[0];
    let width = info[2];
    let pixels = info[1] * width;
    let count = channels * pixels;
    let base = (group.x * 8u + group.y) * count;
    let first = group.y * channels;
    let epsilon = bitcast<f32>(info[5]);
    var mean = 0.0;
    var inverse = 0.0;
    if info[4] == 0u {
        var sum = 0.0;
        for (var i = thread; i < count; i += 64u) {
            sum += y[base + i];
        }
        mean = together(thread, vec3(sum, 0.0, 0.0)).x / f32(count);
        sum = 0.0;
        for (var i = thread; i < count; i += 64u) {
            let off = y[base + i] - mean;
            sum += off * off;
        }
        inverse = inverseSqrt(together(thread, vec3(sum, 0.0, 0.0)).x / f32(count) + epsilon);
        if thread == 0u {
            let at = (group.x * 8u + group.y) * 2u;
            statistics[at] = mean;
            statistics[at + 1u] = inverse;
        }
    }
    let side = 1u + info[3];
    let columns = width / side;
    let results = info[1] / side * columns;
    for (var channel = 0u; channel < channels; channel++) {
        let c = first + channel;
        if info[4] == 1u {
            mean = given_mean[c];
            inverse = inverseSqrt(variance[c] + epsilon);
            if thread == 0u && group.x == 0u {
                statistics[c * 2u] = mean;
                statistics[c * 2u + 1u] = inverse;
            }
        }
        let scale = gamma[c];
        let shift = beta[c];
        for (var i = thread; i < results; i += 64u) {
            let corner = base + channel * pixels + i / columns * side * width + i % columns * side;
            var best = (y[corner] - mean) * inverse * scale + shift;
            for (var j = 1u; j < side * side; j++) {
                let next = (y[corner + j / 2u * width + j % 2u] - mean) * inverse * scale + shift;
                best = select(best, next, beats(next, best));
            }
            // Not a number comes through.
            out[((group.x * 8u + group.y) * channels + channel) * results + i] = select(0.0, best, beats(best, 0.0));
        }
    }
}
