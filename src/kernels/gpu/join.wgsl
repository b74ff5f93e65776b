// info: where in the result the first part begins, then where each of the six ends, counted from there.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    for (var i = group.x * 256u + thread; i < info[6]; i += groups.x * 256u) {
        var value = 0.0;
        if i < info[1] {
            value = a[i];
        } else if i < info[2] {
            value = b[i - info[1]];
        } else if i < info[3] {
            value = c[i - info[2]];
        } else if i < info[4] {
            value = d[i - info[3]];
        } else if i < info[5] {
            value = e[i - info[4]];
        } else {
            value = f[i - info[5]];
        }
        joined[info[0] + i] = value;
    }
}
