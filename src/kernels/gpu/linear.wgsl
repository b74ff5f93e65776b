// info: rows, features, outputs.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let features = info[1];
    let outputs = info[2];
    for (var i = group.x * 256u + thread; i < info[0] * outputs; i += groups.x * 256u) {
        let row = i / outputs * features;
        let output = i % outputs;
        var sum = 0.0;
        for (var k = 0u; k < features; k++) {
            sum += x[row + k] * weight[output * features + k];
        }
        y[i] = sum + bias[output];
    }
}
