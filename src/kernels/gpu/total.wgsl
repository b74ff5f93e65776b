var<workgroup> lanes: array<f32, 256>;

// The sum over the workgroup's threads, in an order that is always the same.
fn total(thread: u32, value: f32) -> f32 {
    workgroupBarrier();
    lanes[thread] = value;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half >>= 1u) {
        if thread < half {
            lanes[thread] += lanes[thread + half];
        }
        workgroupBarrier();
    }
    return lanes[0];
}
