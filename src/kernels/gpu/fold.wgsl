// Sums that 64 workgroups have kept. info: which, and 1 for its root.
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    let sum = gathered(thread, info[0]);
    if thread == 0u {
        folded[0] = select(sum, sqrt(sum), info[1] == 1u);
    }
}
