//! What the kernel says of a process.

use std::time::Duration;

/// The kernel counts processor time in hundredths of a second, whatever it ticks at.
const TICK: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// The process that runs a program from this folder with one argument.
    pub fn of(folder: &str, argument: &str) -> Option<Self> {
        let end = format!("\0{argument}\0");
        std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let own = line.starts_with(folder.as_bytes()) && line.ends_with(end.as_bytes());
            own.then_some(Self(pid))
        })
    }

    /// `VmRSS` is the memory it has now, `VmHWM` the most it had.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub fn megabytes(self, what: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(what));
        let kilobytes: u64 =
            line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0);
        kilobytes as f64 / 1024.0
    }

    /// Processor time it has used so far, all its threads together.
    pub fn cpu(self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // the name may hold anything, blanks and brackets included
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut times = fields.split(' ').skip(11).map_while(|field| field.parse::<u32>().ok());
        Some(TICK * (times.next()? + times.next()?))
    }
}
