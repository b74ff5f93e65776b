// Mean and 1/σ for a plane: of its group, from those of the group's planes, or of its channel.
fn normal_of(plane: u32) -> vec2<f32> {
    let channels = info[0];
    if info[4] != 0u {
        let all = channels * 8u;
        let channel = plane % all;
        return vec2(statistics[channel], inverseSqrt(statistics[all + channel] + bitcast<f32>(info[6])));
    }
    let first = plane / channels * channels;
    var mean = 0.0;
    for (var i = first; i < first + channels; i++) {
        mean += statistics[i * 2u];
    }
    mean /= f32(channels);
    let pixels = f32(info[1] * info[2]);
    var square = 0.0;
    for (var i = first; i < first + channels; i++) {
        let off = statistics[i * 2u] - mean;
        square += statistics[i * 2u + 1u] + off * off * pixels;
    }
    return vec2(mean, inverseSqrt(square / (pixels * f32(channels)) + bitcast<f32>(info[6])));
}
