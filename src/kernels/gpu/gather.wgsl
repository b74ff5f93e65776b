// A block's gradients: of the weights from their parts, of bias, γ and β from the images. info: weights, parts, channels, images;
// where bias, γ and β begin.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    let weights = info[0];
    let channels = info[2];
    if unit < weights {
        var sum = 0.0;
        for (var part = 0u; part < info[1]; part++) {
            sum += found[part * weights + unit];
        }
        gradients[unit] = sum;
    } else if unit < weights + 3u * channels {
        let place = unit - weights;
        var sum = 0.0;
        for (var image = 0u; image < info[3]; image++) {
            sum += kept_sums[image * 3u * channels + place];
        }
        gradients[info[4u + place / channels] + place % channels] = sum;
    }
}
