// info: rows, classes, what kind of target, how far apart its rows lie; T, the weights of cross-entropy and divergence, the share
// of the whole; then the place of each number: cross-entropy, divergence, entropy, correct, loss; one beyond
// 63 is left out.
fn number(i: u32) -> f32 {
    return bitcast<f32>(info[i]);
}

const PROBABILITIES = 1u;
const TEACHER = 2u;
const OWN = 3u;

// ln of a target's probability but for a constant, or the probability itself.
fn raw(kind: u32, z: f32, given: f32) -> f32 {
    if kind == TEACHER {
        return given / number(4);
    }
    return select(given, z + given, kind == OWN);
}

struct Aim {
    p: f32,
    log_p: f32,
}

fn aim(kind: u32, it: f32, top: f32, log_mass: f32) -> Aim {
    if kind == 0u {
        return Aim(0.0, 0.0);
    }
    if kind == PROBABILITIES {
        return Aim(it, log(max(it, 1e-30)));
    }
    let log_p = it - top - log_mass;
    let p = exp(log_p);
    return Aim(p, select(log_p, log(max(p, 1e-30)), kind == OWN));
}

fn put(slot: u32, value: f32) {
    if slot < 64u {
        numbers[slot] = value;
    }
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    let rows = info[0];
    let classes = info[1];
    let kind = info[2];
    let t = number(4);
    let a = number(5);
    let b = number(6);
    let share = number(7) / f32(rows);
    var cross_entropy = 0.0;
    var divergence = 0.0;
    var entropy = 0.0;
    var correct = 0.0;
    for (var row = thread; row < rows; row += 256u) {
        let at = row * classes;
        let aims = row * info[3];
        var top = logits[at];
        var aim_top = raw(kind, top, target_rows[aims]);
        for (var k = 1u; k < classes; k++) {
            top = max(top, logits[at + k]);
            aim_top = max(aim_top, raw(kind, logits[at + k], target_rows[aims + k]));
        }
        var mass = 0.0;
        var warm_mass = 0.0;
        var aim_mass = 0.0;
        for (var k = 0u; k < classes; k++) {
            let z = logits[at + k];
            mass += exp(z - top);
            warm_mass += exp((z - top) / t);
            aim_mass += exp(raw(kind, z, target_rows[aims + k]) - aim_top);
        }
        let log_mass = log(mass);
        let log_warm = log(warm_mass);
        let log_aim = log(aim_mass);
        var own = 0.0;
        var label_sum = 0.0;
        var p_sum = 0.0;
        for (var k = 0u; k < classes; k++) {
            let z = logits[at + k];
            let y = labels[at + k];
            let log_q = z - top - log_mass;
            let it = aim(kind, raw(kind, z, target_rows[aims + k]), aim_top, log_aim);
            own += z * y;
            label_sum += y;
            p_sum += it.p;
            cross_entropy -= y * log_q;
            entropy -= exp(log_q) * log_q;
            divergence += it.p * (it.log_p - ((z - top) / t - log_warm));
        }
        p_sum = select(1.0, p_sum, kind <= PROBABILITIES);
        correct += select(0.0, 1.0, own >= top);
        for (var k = 0u; k < classes; k++) {
            let z = logits[at + k];
            let it = aim(kind, raw(kind, z, target_rows[aims + k]), aim_top, log_aim);
            let of_labels = exp(z - top - log_mass) * label_sum - labels[at + k];
            let of_target = exp((z - top) / t - log_warm) * p_sum - it.p;
            gradient[at + k] = share * (a * of_labels + b * t * of_target);
        }
    }
    cross_entropy = total(thread, cross_entropy) * share;
    divergence = total(thread, divergence) * share * t * t;
    entropy = total(thread, entropy) * share;
    correct = total(thread, correct) * share;
    if thread == 0u {
        put(info[8], cross_entropy);
        put(info[9], divergence);
        put(info[10], entropy);
        put(info[11], correct);
        var loss = 0.0;
        if a != 0.0 {
            loss += a * cross_entropy;
        }
        if b != 0.0 {
            loss += b * divergence;
        }
        put(info[12], loss);
        numbers[64] = loss;
    }
}
