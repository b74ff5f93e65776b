// info: images, channels of each tap, the share of the whole.
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let images = info[0];
    let scale = bitcast<f32>(info[4]) / f32(images);
    var channel = id.x;
    var sum = 0.0;
    if channel < info[1] {
        for (var i = 0u; i < images; i++) {
            sum += a[i * info[1] + channel];
        }
    } else if channel < info[1] + info[2] {
        channel -= info[1];
        for (var i = 0u; i < images; i++) {
            sum += b[i * info[2] + channel];
        }
    } else if channel < info[1] + info[2] + info[3] {
        channel -= info[1] + info[2];
        for (var i = 0u; i < images; i++) {
            sum += c[i * info[3] + channel];
        }
    } else {
        return;
    }
    means[id.x] = sum * scale;
}
