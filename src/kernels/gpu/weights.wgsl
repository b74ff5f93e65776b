// The gradient of a 3×3 convolution's weights: parts, of some rows of the images each. A thread has 4 output channels and 1 input
// channel, and goes along the rows with the nine pixels round each. info: images, input channels, output channels, height, width,
// parts.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let unit = id.y * groups.x * 64u + id.x;
    let inputs = info[1];
    let outputs = info[2];
    let height = info[3];
    let width = info[4];
    let pixels = height * width;
    let tiles = outputs / 4u * inputs;
    let part = unit / tiles;
    if part >= info[5] {
        return;
    }
    let input = unit % inputs;
    let output = unit % tiles / inputs * 4u;
    var a0 = vec4<f32>();
    var a1 = vec4<f32>();
    var a2 = vec4<f32>();
    var a3 = vec4<f32>();
    var a4 = vec4<f32>();
    var a5 = vec4<f32>();
    var a6 = vec4<f32>();
    var a7 = vec4<f32>();
    var a8 = vec4<f32>();
    for (var line = part; line < info[0] * height; line += info[5]) {
        let image = line / height;
        let row = line % height;
        let output_row = (image * outputs + output) * pixels + row * width;
        let middle = (image * inputs + input) * pixels + row * width;
        // A row outside counts as zeros, and another is read in its place.
        let inside = vec3(row > 0u, true, row + 1u < height);
        let above = select(middle, middle - width, row > 0u);
        let below = select(middle, middle + width, row + 1u < height);
        var left = vec3<f32>();
        var here = three(above, middle, below, inside);
        for (var column = 0u; column < width; column++) {
            var right = vec3<f32>();
            if column + 1u < width {
                right = three(above + column + 1u, middle + column + 1u, below + column + 1u, inside);
            }
            let at = output_row + column;
            let d = vec4(dy[at], dy[at + pixels], dy[at + 2u * pixels], dy[at + 3u * pixels]);
            a0 += d * left.x;
            a1 += d * here.x;
            a2 += d * right.x;
            a3 += d * left.y;
            a4 += d * here.y;
            a5 += d * right.y;
            a6 += d * left.z;
            a7 += d * here.z;
            a8 += d * right.z;
            left = here;
            here = right;
        }
    }
    for (var lane = 0u; lane < 4u; lane++) {
        let to = ((part * outputs + output + lane) * inputs + input) * 9u;
        found[to] = a0[lane];
        found[to + 1u] = a1[lane];
        found[to + 2u] = a2[lane];
        found[to + 3u] = a3[lane];
        found[to + 4u] = a4[lane];
        found[to + 5u] = a5[lane];
        found[to + 6u] = a6[lane];
        found[to + 7u] = a7[lane];
        found[to + 8u] = a8[lane];
    }
}

fn three(above: u32, middle: u32, below: u32, inside: vec3<bool>) -> vec3<f32> {
    return select(vec3<f32>(), vec3(x[above], x[middle], x[below]), inside);
}
