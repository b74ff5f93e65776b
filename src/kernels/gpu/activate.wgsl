// Norm, ReLU and pool; a thread has a number of the result. info: channels of a group, height, width, images; which norm:
// 0 for that of groups, 1 with mean and variance that are given, 2 with the batch's; 1 to pool; ε; 1 for a ReLU.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    let width = info[2];
    let side = 1u + info[5];
    let columns = width / side;
    let results = info[1] / side * columns;
    let plane = unit / results;
    if plane >= info[3] * info[0] * 8u {
        return;
    }
    let normal = normal_of(plane);
    let channel = plane % (info[0] * 8u);
    let scale = normal.y * gamma[channel];
    let shift = beta[channel];
    let i = unit % results;
    let corner = plane * info[1] * width + i / columns * side * width + i % columns * side;
    var best = (y[corner] - normal.x) * scale + shift;
    for (var j = 1u; j < side * side; j++) {
        let next = (y[corner + j / 2u * width + j % 2u] - normal.x) * scale + shift;
        best = select(best, next, beats(next, best));
    }
    // Not a number comes through.
    out[unit] = select(0.0, best, info[7] == 0u || beats(best, 0.0));
}
