// The mean of each plane. info: planes, numbers of a plane.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let plane = id.y * groups.x * 64u + id.x;
    if plane >= info[0] {
        return;
    }
    var sum = 0.0;
    for (var i = 0u; i < info[1]; i++) {
        sum += x[plane * info[1] + i];
    }
    means[plane] = sum / f32(info[1]);
}
