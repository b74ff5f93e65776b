// info: planes, numbers of a plane.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < info[0] * info[1]; i += groups.x * 64u) {
        dx[i] = dmeans[i / info[1]] / f32(info[1]);
    }
}
