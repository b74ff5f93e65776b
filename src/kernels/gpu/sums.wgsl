// What 64 workgroups have kept of a sum, added up.
fn gathered(thread: u32, which: u32) -> f32 {
    var part = 0.0;
    if thread < 64u {
        part = sums[which * 64u + thread];
    }
    return total(thread, part);
}

// Keeps a workgroup's part of a sum for the next dispatch.
fn keep(thread: u32, group: u32, which: u32, value: f32) {
    let part = total(thread, value);
    if thread == 0u {
        sums[which * 64u + group] = part;
    }
}

// How much of g_r there is in what goes against it.
fn against(dot: f32, square: f32) -> f32 {
    return select(0.0, min(dot, 0.0) / square, square >= 1e-12);
}
