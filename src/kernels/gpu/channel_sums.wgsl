// Sums over a batch, of the gradient times the normalised numbers of each channel, then of the gradient. info: as of activate.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let all = info[0] * 8u;
    if id.x >= 2u * all {
        return;
    }
    var sum = 0.0;
    for (var image = 0u; image < info[3]; image++) {
        sum += kept_sums[(image * 3u + 1u) * all + id.x];
    }
    totals[id.x] = sum;
}
