// The way back through ReLU and pool, and sums over a plane: of the normalised numbers, of the gradient times them, and of the
// gradient. A thread has a plane, and puts zeros where there is no gradient. info: as of activate.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let plane = id.y * groups.x * 64u + id.x;
    let all = info[0] * 8u;
    if plane >= info[3] * all {
        return;
    }
    let height = info[1];
    let width = info[2];
    let side = 1u + info[5];
    let normal = normal_of(plane);
    let channel = plane % all;
    let scale = normal.y * gamma[channel];
    let shift = beta[channel];
    let base = plane * height * width;
    let columns = width / side;
    let results = height / side * columns;
    var sums = vec3<f32>();
    for (var i = 0u; i < height * width; i++) {
        dz[base + i] = 0.0;
        sums.x += y[base + i] - normal.x;
    }
    sums.x *= normal.y;
    for (var i = 0u; i < results; i++) {
        let corner = base + i / columns * side * width + i % columns * side;
        var place = corner;
        var best = (y[corner] - normal.x) * scale + shift;
        for (var j = 1u; j < side * side; j++) {
            let next_place = corner + j / 2u * width + j % 2u;
            let next = (y[next_place] - normal.x) * scale + shift;
            if beats(next, best) {
                best = next;
                place = next_place;
            }
        }
        if info[7] == 0u || beats(best, 0.0) {
            let d = dout[plane * results + i];
            dz[place] = d;
            sums.y += d * (y[place] - normal.x) * normal.y;
            sums.z += d;
        }
    }
    let kept = plane / all * 3u * all + channel;
    kept_sums[kept] = sums.x;
    kept_sums[kept + all] = sums.y;
    kept_sums[kept + 2u * all] = sums.z;
}
