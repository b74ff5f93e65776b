// The gradient of the weights of a convolution of any odd side: parts, of some rows of the results each. A thread has a weight of 4
// output channels. info: images, input channels, their height and width, output channels, their height and width, side of the
// weights, pixels from a window to the next, parts.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    let inputs = info[1];
    let outputs = info[4];
    let rows = info[5];
    let columns = info[6];
    let pixels = rows * columns;
    let side = info[7];
    // Weights of an output channel.
    let weights = inputs * side * side;
    let fours = (outputs + 3u) / 4u;
    let part = unit / (fours * weights);
    if part >= info[9] {
        return;
    }
    let first = unit / weights % fours * 4u;
    let four = min(vec4(first) + vec4(0u, 1u, 2u, 3u), vec4(outputs - 1u)) * pixels;
    let input = unit % weights / (side * side);
    let tap = unit % (side * side);
    let half = i32(side / 2u);
    let above = i32(tap / side) - half;
    let before = i32(tap % side) - half;
    var sums = vec4<f32>();
    for (var line = part; line < info[0] * rows; line += info[9]) {
        let image = line / rows;
        let row = i32(line % rows * info[8]) + above;
        if row < 0 || row >= i32(info[2]) {
            continue;
        }
        let read = ((image * inputs + input) * info[2] + u32(row)) * info[3];
        let to = vec4(image * outputs * pixels + line % rows * columns) + four;
        for (var column = 0u; column < columns; column++) {
            let across = i32(column * info[8]) + before;
            if across >= 0 && across < i32(info[3]) {
                let at = to + column;
                sums += x[read + u32(across)] * vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
            }
        }
    }
    for (var lane = 0u; lane < min(4u, outputs - first); lane++) {
        found[(part * outputs + first + lane) * weights + unit % weights] = sums[lane];
    }
}
