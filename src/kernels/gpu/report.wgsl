// A step's numbers, in their order. info: how many of the retain batch, of the forget batch; the places of H and CE among these,
// and what they may be before the step is of g_r alone.
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    let first = info[0] + info[1];
    if thread < info[0] {
        report[thread] = retain_numbers[thread];
    } else if thread < first {
        report[thread] = numbers[thread - info[0]];
    }
    for (var i = 0u; i < 7u; i++) {
        let sum = gathered(thread, i);
        if thread == 0u && i != 4u {
            report[first + select(i, i - 1u, i > 4u)] = select(sum, sqrt(sum), i == 3u);
        }
    }
    if thread == 0u {
        report[first + 6u] = select(0.0, 1.0, retain_only());
    }
}

fn retain_only() -> bool {
    return numbers[info[2]] > bitcast<f32>(info[4]) || numbers[info[3]] >= bitcast<f32>(info[5]);
}
