// Each workgroup's share of ⟨a, b⟩, ‖b‖² and ‖a‖². info: the length.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    var ab = 0.0;
    var bb = 0.0;
    var aa = 0.0;
    for (var i = group.x * 256u + thread; i < info[0]; i += 64u * 256u) {
        ab += a[i] * b[i];
        bb += b[i] * b[i];
        aa += a[i] * a[i];
    }
    keep(thread, group.x, 0u, ab);
    keep(thread, group.x, 1u, bb);
    keep(thread, group.x, 2u, aa);
}
