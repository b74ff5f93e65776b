// info: planes, numbers of a plane.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 64u + id.x;
    if i >= info[0] * info[1] {
        return;
    }
    dx[i] = dmeans[i / info[1]] / f32(info[1]);
}
