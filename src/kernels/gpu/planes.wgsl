// Mean and squared distance from it of each plane, the numbers of a channel of an image. info: channels of a group, height, width;
// images.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    if unit >= info[3] * info[0] * 8u {
        return;
    }
    let pixels = info[1] * info[2];
    let base = unit * pixels;
    var sum = 0.0;
    for (var i = 0u; i < pixels; i++) {
        sum += y[base + i];
    }
    let mean = sum / f32(pixels);
    sum = 0.0;
    for (var i = 0u; i < pixels; i++) {
        let off = y[base + i] - mean;
        sum += off * off;
    }
    statistics[unit * 2u] = mean;
    statistics[unit * 2u + 1u] = sum;
}
