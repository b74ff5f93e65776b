// A 3×3 convolution, or the gradient of its input, which is one with weights turned round. A thread has 4 pixels below each other
// of 8 channels; threads side by side have pixels side by side. info: images, input channels, output channels, height, width;
// how far apart the weights of two output channels lie, and of two input channels; 1 to turn them round; 1 for a bias.
var<workgroup> shared_weights: array<vec4<f32>, 144>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let inputs = info[1];
    let outputs = info[2];
    let height = i32(info[3]);
    let width = i32(info[4]);
    let pixels = info[3] * info[4];
    let bands = (info[3] + 3u) / 4u;
    let unit = group.x * 64u + thread;
    let busy = unit < info[0] * bands * info[4];
    let image = select(0u, unit / (bands * info[4]), busy);
    let top = i32(unit / info[4] % bands * 4u);
    let column = i32(unit % info[4]);
    let first = group.y * 8u;
    let left = column > 0;
    let right = column + 1 < width;
    let last = i32(info[0] * inputs * pixels) - 1;

    var a0 = vec4<f32>();
    var a1 = vec4<f32>();
    var a2 = vec4<f32>();
    var a3 = vec4<f32>();
    var b0 = vec4<f32>();
    var b1 = vec4<f32>();
    var b2 = vec4<f32>();
    var b3 = vec4<f32>();
    for (var start = 0u; start < inputs; start += 8u) {
        workgroupBarrier();
        for (var i = thread; i < 144u; i += 64u) {
            let input = start + i / 18u;
            let tap = i % 18u / 2u;
            let turned = select(tap, 8u - tap, info[7] == 1u);
            var four = vec4<f32>();
            for (var lane = 0u; lane < 4u; lane++) {
                let output = first + i % 2u * 4u + lane;
                if input < inputs && output < outputs {
                    four[lane] = weight[output * info[5] + input * info[6] + turned];
                }
            }
            shared_weights[i] = four;
        }
        workgroupBarrier();
        let count = min(8u, inputs - start);
        for (var input = 0u; input < count; input++) {
            let plane = i32((image * inputs + start + input) * pixels);
            for (var tap = 0; tap < 3; tap++) {
                // The column of six pixels that these taps see.
                let shift = column + tap - 1;
                let inside = (tap > 0 || left) && (tap < 2 || right);
                let at = plane + (top - 1) * width + shift;
                let p0 = pixel(at, last, inside && top > 0);
                let p1 = pixel(at + width, last, inside);
                let p2 = pixel(at + 2 * width, last, inside && top + 1 < height);
                let p3 = pixel(at + 3 * width, last, inside && top + 2 < height);
                let p4 = pixel(at + 4 * width, last, inside && top + 3 < height);
                let p5 = pixel(at + 5 * width, last, inside && top + 4 < height);
                let w = input * 18u + u32(tap) * 2u;
                var wa = shared_weights[w];
                var wb = shared_weights[w + 1u];
                a0 += wa * p0;
                b0 += wb * p0;
                a1 += wa * p1;
                b1 += wb * p1;
                a2 += wa * p2;
                b2 += wb * p2;
                a3 += wa * p3;
                b3 += wb * p3;
                wa = shared_weights[w + 6u];
                wb = shared_weights[w + 7u];
                a0 += wa * p1;
                b0 += wb * p1;
                a1 += wa * p2;
                b1 += wb * p2;
                a2 += wa * p3;
                b2 += wb * p3;
                a3 += wa * p4;
                b3 += wb * p4;
                wa = shared_weights[w + 12u];
                wb = shared_weights[w + 13u];
                a0 += wa * p2;
                b0 += wb * p2;
                a1 += wa * p3;
                b1 += wb * p3;
                a2 += wa * p4;
                b2 += wb * p4;
                a3 += wa * p5;
                b3 += wb * p5;
            }
        }
    }
    if !busy {
        return;
    }
    for (var lane = 0u; lane < 8u; lane++) {
        let output = first + lane;
        if output < outputs {
            var add = 0.0;
            if info[8] == 1u {
                add = bias[output];
            }
            let at = ((image * outputs + output) * info[3] + u32(top)) * info[4] + u32(column);
            let four = lane & 3u;
            let high = lane > 3u;
            y[at] = select(a0[four], b0[four], high) + add;
            if top + 1 < height {
                y[at + info[4]] = select(a1[four], b1[four], high) + add;
            }
            if top + 2 < height {
                y[at + 2u * info[4]] = select(a2[four], b2[four], high) + add;
            }
            if top + 3 < height {
                y[at + 3u * info[4]] = select(a3[four], b3[four], high) + add;
            }
        }
    }
}

// Zero outside. What is read then is of no matter, only that neighbouring threads read neighbours.
fn pixel(at: i32, last: i32, inside: bool) -> f32 {
    return select(0.0, x[clamp(at, 0, last)], inside);
}
