// info: how many parameters there are, then where each begins in the flat tensor and in the result, and where the last one ends.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let count = info[0];
    let len = info[1u + 2u * count];
    for (var i = group.x * 256u + thread; i < len; i += groups.x * 256u) {
        var low = 0u;
        var high = count;
        while high - low > 1u {
            let middle = (low + high) / 2u;
            if info[1u + 2u * middle] <= i {
                low = middle;
            } else {
                high = middle;
            }
        }
        views[i - info[1u + 2u * low] + info[2u + 2u * low]] = theta[i];
    }
}
