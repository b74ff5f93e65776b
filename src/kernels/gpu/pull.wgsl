// info: images, then channels of each tap, then where each tap's gradient begins, λ, the share of the whole, and the number's place.
fn tap(at: u32, channels: u32, start: u32, scale: f32, error: f32) -> f32 {
    gradient[start + at] = 2.0 * scale / f32(channels) * error;
    return error * error;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    let images = info[0];
    let weight = bitcast<f32>(info[7]);
    let share = bitcast<f32>(info[8]) / 3.0 / f32(images);
    let scale = share * weight;
    var sum = 0.0;
    var of_tap = 0.0;
    for (var i = thread; i < images * info[1]; i += 256u) {
        of_tap += tap(i, info[1], info[4], scale, a[i] - means[i % info[1]]);
    }
    sum += of_tap / f32(info[1]);
    of_tap = 0.0;
    for (var i = thread; i < images * info[2]; i += 256u) {
        of_tap += tap(i, info[2], info[5], scale, b[i] - means[info[1] + i % info[2]]);
    }
    sum += of_tap / f32(info[2]);
    of_tap = 0.0;
    for (var i = thread; i < images * info[3]; i += 256u) {
        of_tap += tap(i, info[3], info[6], scale, c[i] - means[info[1] + info[2] + i % info[3]]);
    }
    sum += of_tap / f32(info[3]);
    sum = total(thread, sum) * share;
    if thread == 0u {
        numbers[info[9]] = sum;
        numbers[64] += weight * sum;
    }
}
