// g, and each workgroup's share of ‖g‖². info: the length; 1 to project; ρ; the places of H and CE among the forget batch's numbers,
// and what they may be before the step is of g_r alone.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let dot = gathered(thread, 0u);
    let square = gathered(thread, 1u);
    var coefficient = 0.0;
    if info[1] == 1u {
        coefficient = against(dot, square);
    }
    let share = bitcast<f32>(info[2]);
    let only = retain_only();
    var norm = 0.0;
    for (var i = group.x * 256u + thread; i < info[0]; i += 64u * 256u) {
        var g = forget[i] - retain[i] * coefficient + retain[i] * share;
        g = select(g, retain[i], only);
        gradient[i] = g;
        norm += g * g;
    }
    keep(thread, group.x, 3u, norm);
}

fn retain_only() -> bool {
    return numbers[info[3]] > bitcast<f32>(info[5]) || numbers[info[4]] >= bitcast<f32>(info[6]);
}
