//! How long a trial may take.

use std::time::Instant;

use purge_unlearning::model::Architecture;

use crate::options::DeviceName;

/// Seconds that a trial may take where nothing else is said: about half of what retraining without the class takes, for whoever
/// needs longer could as well do that.
pub fn usual(dataset: &str, network: &Architecture) -> f64 {
    match (network, dataset) {
        (Architecture::ResNet(_), _) => 450.0,
        (Architecture::SmallCnn(_), "mnist") => 30.0,
        (Architecture::SmallCnn(_), _) => 100.0,
    }
}

/// What a trial takes: on the CPU the time that its threads have computed, which is the same whatever else the machine does
/// meanwhile; elsewhere, and where the system does not tell that, the time that passes.
pub struct Clock {
    began: Instant,
    computed: Option<f64>,
}

impl Clock {
    pub fn start(device: DeviceName) -> Self {
        let computed = match device {
            DeviceName::Cpu => computed(),
            DeviceName::Wgpu => None,
        };
        Self { began: Instant::now(), computed }
    }

    pub fn seconds(&self) -> f64 {
        match (self.computed, computed()) {
            (Some(before), Some(now)) => now - before,
            _ => self.began.elapsed().as_secs_f64(),
        }
    }
}

/// Seconds that all threads of this process have computed so far.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn computed() -> Option<f64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to the struct that it is given, and to nothing else.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) } != 0;
    (!failed).then_some(time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9)
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn computed() -> Option<f64> {
    None
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
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
