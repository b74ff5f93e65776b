// The gradient of norm, ReLU and pool; a workgroup has a group of channels of an image. Of each image are kept the gradients of
// bias, γ and β. info: channels of a group, height, width; 1 to pool; 1 where mean and variance were given.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let channels = info[0];
    let height = info[1];
    let width = info[2];
    let given = info[4] == 1u;
    let pixels = height * width;
    let count = f32(channels * pixels);
    let base = (group.x * 8u + group.y) * channels * pixels;
    let first = group.y * channels;
    let side = 1u + info[3];
    let columns = (width + side - 1u) / side;
    let windows = (height + side - 1u) / side * columns;
    let all = channels * 8u;
    let kept = group.x * 3u * all + first;
    var along_one = 0.0;
    var along_normal = 0.0;
    // First the gradient at each number that the norm gave, and sums over it.
    for (var channel = 0u; channel < channels; channel++) {
        let at = select((group.x * 8u + group.y) * 2u, (first + channel) * 2u, given);
        let mean = statistics[at];
        let inverse = statistics[at + 1u];
        let scale = gamma[first + channel];
        let shift = beta[first + channel];
        var sums = vec3<f32>();
        for (var i = thread; i < windows; i += 64u) {
            let row = i / columns;
            let column = i % columns;
            let corner = base + channel * pixels + row * side * width + column * side;
            let whole = (row + 1u) * side <= height && (column + 1u) * side <= width;
            var best = 0.0;
            var best_normal = 0.0;
            var best_place = 0u;
            for (var j = 0u; j < side * side; j++) {
                if row * side + j / 2u < height && column * side + j % 2u < width {
                    let place = corner + j / 2u * width + j % 2u;
                    let normal = (y[place] - mean) * inverse;
                    let value = normal * scale + shift;
                    if j == 0u || beats(value, best) {
                        best = value;
                        best_normal = normal;
                        best_place = place;
                    }
                    dy[place] = 0.0;
                    sums.z += normal;
                }
            }
            if whole && beats(best, 0.0) {
                let results = (width / side) * (height / side);
                let d = dout[((group.x * 8u + group.y) * channels + channel) * results + row * (width / side) + column];
                dy[best_place] = d;
                sums.x += d;
                sums.y += d * best_normal;
            }
        }
        sums = together(thread, sums);
        along_one += sums.x * scale;
        along_normal += sums.y * scale;
        if thread == 0u {
            kept_sums[kept + channel] = sums.z;
            kept_sums[kept + all + channel] = sums.y;
            kept_sums[kept + 2u * all + channel] = sums.x;
        }
    }
    along_one = select(along_one / count, 0.0, given);
    along_normal = select(along_normal / count, 0.0, given);
    // Then what the norm makes of it. Each thread comes to its own numbers again.
    for (var channel = 0u; channel < channels; channel++) {
        let at = select((group.x * 8u + group.y) * 2u, (first + channel) * 2u, given);
        let mean = statistics[at];
        let inverse = statistics[at + 1u];
        let scale = gamma[first + channel];
        for (var i = thread; i < windows; i += 64u) {
            let row = i / columns;
            let column = i % columns;
            let corner = base + channel * pixels + row * side * width + column * side;
            for (var j = 0u; j < side * side; j++) {
                if row * side + j / 2u < height && column * side + j % 2u < width {
                    let place = corner + j / 2u * width + j % 2u;
                    var d = dy[place] * scale;
                    if !given {
                        d -= along_one + (y[place] - mean) * inverse * along_normal;
                    }
                    dy[place] = d * inverse;
                }
            }
        }
        if thread == 0u {
            var d = kept_sums[kept + 2u * all + channel] * scale;
            if !given {
                d -= f32(pixels) * along_one + kept_sums[kept + channel] * along_normal;
            }
            kept_sums[kept + channel] = d * inverse;
        }
    }
}
