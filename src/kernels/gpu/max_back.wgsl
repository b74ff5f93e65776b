// The gradient of what a max pool is of: the sum over the windows, four at most, where it is the largest. info: as of max.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    let width = info[2];
    let plane = unit / (info[1] * width);
    if plane >= info[0] {
        return;
    }
    let row = unit / width % info[1];
    let column = unit % width;
    let rows = pooled(info[1]);
    let columns = pooled(width);
    var sum = 0.0;
    for (var i = row / 2u; i <= min((row + 1u) / 2u, rows - 1u); i++) {
        for (var j = column / 2u; j <= min((column + 1u) / 2u, columns - 1u); j++) {
            let window = (plane * rows + i) * columns + j;
            if largest(window) == unit {
                sum += dout[window];
            }
        }
    }
    dx[unit] = sum;
}
