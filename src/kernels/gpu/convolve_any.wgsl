// A convolution of any odd side, or the gradient of its input, which is one with weights turned round. A thread has a pixel of 4
// channels. info: images; channels, height and width of what is read, then of the result; side of the weights; pixels from a window
// to the next; how far apart the pixels lie among whose gaps the windows go, for the gradient; how far apart the weights of two
// channels of the result lie, and of two that are read; 1 to turn them round; 1 for a bias.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    let inputs = info[1];
    let outputs = info[4];
    let columns = info[6];
    let pixels = info[5] * columns;
    let fours = (outputs + 3u) / 4u;
    let image = unit / (fours * pixels);
    if image >= info[0] {
        return;
    }
    let first = unit / pixels % fours * 4u;
    let read = info[2] * info[3];
    let side = info[7];
    let half = i32(side / 2u);
    let top = i32(unit % pixels / columns * info[8]) - half;
    let left = i32(unit % columns * info[8]) - half;
    // Beyond the last channel it is computed again, and put nowhere.
    let four = min(vec4(first) + vec4(0u, 1u, 2u, 3u), vec4(outputs - 1u)) * info[10];
    var sums = vec4<f32>();
    for (var tap = 0u; tap < side * side; tap++) {
        let down = top + i32(tap / side);
        let across = left + i32(tap % side);
        if down < 0 || across < 0 || u32(down) % info[9] != 0u || u32(across) % info[9] != 0u {
            continue;
        }
        let row = u32(down) / info[9];
        let column = u32(across) / info[9];
        if row >= info[2] || column >= info[3] {
            continue;
        }
        var at = image * inputs * read + row * info[3] + column;
        var w = four + select(tap, side * side - 1u - tap, info[12] == 1u);
        for (var input = 0u; input < inputs; input++) {
            sums += x[at] * vec4(weight[w.x], weight[w.y], weight[w.z], weight[w.w]);
            at += read;
            w += info[11];
        }
    }
    for (var lane = 0u; lane < min(4u, outputs - first); lane++) {
        let output = first + lane;
        var add = 0.0;
        if info[13] == 1u {
            add = bias[output];
        }
        y[(image * outputs + output) * pixels + unit % pixels] = sums[lane] + add;
    }
}
