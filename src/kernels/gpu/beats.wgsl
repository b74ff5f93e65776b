// By its bits, for a compiler may take it that no number is none.
fn nan(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

// Whether it takes the other's place in a maximum, which not a number always does.
fn beats(value: f32, other: f32) -> bool {
    return !nan(other) && (nan(value) || value > other);
}
