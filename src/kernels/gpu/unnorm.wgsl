// The way back through the norm: the gradient of what the convolution gave, and its sum over each plane, the bias's, in place of the
// normalised numbers'. Of the batch's norm `totals` has the sums over the images. info: as of activate.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    let channels = info[0];
    let all = channels * 8u;
    let pixels = info[1] * info[2];
    let plane = unit / pixels;
    if plane >= info[3] * all {
        return;
    }
    let normal = normal_of(plane);
    let channel = plane % all;
    let scale = gamma[channel];
    let image_sums = plane / all * 3u * all;
    var along_one = 0.0;
    var along_normal = 0.0;
    if info[4] == 0u {
        let first = channel / channels * channels;
        for (var i = first; i < first + channels; i++) {
            along_normal += kept_sums[image_sums + all + i] * gamma[i];
            along_one += kept_sums[image_sums + 2u * all + i] * gamma[i];
        }
        along_normal /= f32(channels * pixels);
        along_one /= f32(channels * pixels);
    } else if info[4] == 2u {
        along_normal = totals[channel] * scale / f32(info[3] * pixels);
        along_one = totals[all + channel] * scale / f32(info[3] * pixels);
    }
    var d = dz[unit] * scale - along_one;
    if info[4] != 1u {
        d -= (y[unit] - normal.x) * normal.y * along_normal;
    }
    dz[unit] = d * normal.y;
    if unit % pixels == 0u {
        let kept = image_sums + channel;
        let sum = kept_sums[kept + 2u * all] * scale - f32(pixels) * along_one - kept_sums[kept] * along_normal;
        kept_sums[kept] = sum * normal.y;
    }
}
