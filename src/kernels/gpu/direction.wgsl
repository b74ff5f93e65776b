// v of clipped g, in its place, and each workgroup's share of ⟨v, g_r⟩. info: the length, c, w, μ.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let norm = sqrt(gathered(thread, 3u));
    let most = bitcast<f32>(info[1]);
    let decay = bitcast<f32>(info[2]);
    let inertia = bitcast<f32>(info[3]);
    var scale = 1.0;
    if most > 0.0 {
        scale = min(1.0 / (norm + 1e-6) * most, 1.0);
    }
    var conflict = 0.0;
    for (var i = group.x * 256u + thread; i < info[0]; i += 64u * 256u) {
        let v = momentum[i] * inertia + (gradient[i] * scale + theta[i] * decay);
        gradient[i] = v;
        conflict += v * retain[i];
    }
    keep(thread, group.x, 4u, conflict);
}
