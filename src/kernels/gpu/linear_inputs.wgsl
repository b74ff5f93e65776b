// info: rows, features, outputs.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let features = info[1];
    let outputs = info[2];
    for (var i = group.x * 256u + thread; i < info[0] * features; i += groups.x * 256u) {
        let row = i / features * outputs;
        let feature = i % features;
        var sum = 0.0;
        for (var k = 0u; k < outputs; k++) {
            sum += dy[row + k] * weight[k * features + feature];
        }
        dx[i] = sum;
    }
}
