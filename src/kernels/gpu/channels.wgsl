// Mean and variance of each channel over a batch, from those of its planes; and for whoever keeps them the mean and the unbiased
// variance. info: as of activate, then where the unbiased variances begin.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let channel = id.x;
    let all = info[0] * 8u;
    if channel >= all {
        return;
    }
    let images = info[3];
    var mean = 0.0;
    for (var image = 0u; image < images; image++) {
        mean += planes[(image * all + channel) * 2u];
    }
    mean /= f32(images);
    let pixels = f32(info[1] * info[2]);
    var square = 0.0;
    for (var image = 0u; image < images; image++) {
        let plane = (image * all + channel) * 2u;
        let off = planes[plane] - mean;
        square += planes[plane + 1u] + off * off * pixels;
    }
    let count = f32(images) * pixels;
    statistics[channel] = mean;
    statistics[all + channel] = square / count;
    seen[channel] = mean;
    seen[info[8] + channel] = square / max(count - 1.0, 1.0);
}
