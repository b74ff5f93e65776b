// θ after the step, v in its place as it was taken, and each workgroup's share of ⟨v, g_r⟩ and ‖v‖². info: the length; 1 to project; η.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let square = gathered(thread, 1u);
    let conflict = gathered(thread, 4u);
    var coefficient = 0.0;
    if info[1] == 1u {
        coefficient = against(conflict, square);
    }
    let rate = bitcast<f32>(info[2]);
    var dot = 0.0;
    var norm = 0.0;
    for (var i = group.x * 256u + thread; i < info[0]; i += 64u * 256u) {
        let v = direction[i] - retain[i] * coefficient;
        direction[i] = v;
        next[i] = theta[i] - v * rate;
        dot += v * retain[i];
        norm += v * v;
    }
    keep(thread, group.x, 5u, dot);
    keep(thread, group.x, 6u, norm);
}
