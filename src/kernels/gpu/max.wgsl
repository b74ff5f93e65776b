// A 3×3 max pool with stride 2 and padding 1. info: planes, height, width.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    if unit < info[0] * pooled(info[1]) * pooled(info[2]) {
        out[unit] = x[largest(unit)];
    }
}
