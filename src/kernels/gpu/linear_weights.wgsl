// info: rows, features, outputs, where the bias's gradient begins.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let rows = info[0];
    let features = info[1];
    let outputs = info[2];
    for (var i = group.x * 256u + thread; i < outputs * (features + 1u); i += groups.x * 256u) {
        var sum = 0.0;
        if i < outputs * features {
            let output = i / features;
            let feature = i % features;
            for (var row = 0u; row < rows; row++) {
                sum += dy[row * outputs + output] * x[row * features + feature];
            }
            gradient[i] = sum;
        } else {
            let output = i - outputs * features;
            for (var row = 0u; row < rows; row++) {
                sum += dy[row * outputs + output];
            }
            gradient[info[3] + output] = sum;
        }
    }
}
