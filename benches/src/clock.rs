//! Measures time: on the wall, and of the processor. On a machine that others use too, the second says more.

use std::time::{Duration, Instant};

/// The time that something took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    pub wall: Duration,
    /// Of all threads of the process; `None` where the system doesn't tell.
    pub cpu: Option<Duration>,
}

pub struct Stopwatch {
    begun: Instant,
    cpu: Option<Duration>,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { cpu: cpu(), begun: Instant::now() }
    }

    pub fn stop(&self) -> Took {
        let wall = self.begun.elapsed();
        Took { wall, cpu: cpu().zip(self.cpu).map(|(now, then)| now.saturating_sub(then)) }
    }
}

#[cfg(unix)]
fn cpu() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

#[cfg(not(unix))]
fn cpu() -> Option<Duration> {
    None
}
