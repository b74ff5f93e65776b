use std::time::Instant;

use cpu_time::ProcessTime;

use crate::options::DeviceName;

/// What something takes: on the CPU the time that all threads of the program have computed, which is the same whatever else the machine
/// does meanwhile; elsewhere, and where the system does not tell that, the time that passes.
pub struct Clock {
    began: Instant,
    computed: Option<ProcessTime>,
}

impl Clock {
    pub fn start(device: DeviceName) -> Self {
        let computed = match device {
            DeviceName::Cpu => ProcessTime::try_now().ok(),
            DeviceName::Wgpu => None,
        };
        Self { began: Instant::now(), computed }
    }

    pub fn seconds(&self) -> f64 {
        let computed = self.computed.and_then(|began| began.try_elapsed().ok());
        computed.unwrap_or_else(|| self.began.elapsed()).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn sleep_does_not_count_on_the_cpu_and_work_of_other_threads_does() {
        let [cpu, other] = [DeviceName::Cpu, DeviceName::Wgpu].map(Clock::start);
        let before = cpu.seconds();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(other.seconds() >= 0.02);
        let work = std::thread::spawn(|| (0..2_000_000_u64).fold(0, |sum, n| sum ^ black_box(n)));
        black_box(work.join().unwrap());
        assert!(cpu.seconds() > before);
    }
}
