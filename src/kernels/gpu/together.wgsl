var<workgroup> lanes: array<vec3<f32>, 64>;

// Sums over 64 threads, in an order that is always the same.
fn together(thread: u32, values: vec3<f32>) -> vec3<f32> {
    workgroupBarrier();
    lanes[thread] = values;
    workgroupBarrier();
    if thread < 8u {
        var sum = lanes[thread];
        for (var i = thread + 8u; i < 64u; i += 8u) {
            sum += lanes[i];
        }
        lanes[thread] = sum;
    }
    workgroupBarrier();
    var sum = lanes[0];
    for (var i = 1u; i < 8u; i++) {
        sum += lanes[i];
    }
    return sum;
}

// By its bits, for a compiler may take it that no number is none.
fn nan(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

// Whether it takes the other's place in a maximum, which not a number always does.
fn beats(value: f32, other: f32) -> bool {
    return !nan(other) && (nan(value) || value > other);
}
