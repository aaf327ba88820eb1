//! Figures of benchmarks and their limits.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

/// Prints one line.
pub fn line(bench: &str, fields: serde_json::Value) {
    let mut line = serde_json::json!({ "bench": bench });
    if let (Some(line), Some(fields)) = (line.as_object_mut(), fields.as_object()) {
        line.extend(fields.clone());
    }
    println!("{line}");
}

/// What an fsync of 8 KiB costs in `folder`: the median of many, in microseconds.
pub fn fsync_us(folder: &Path) -> u64 {
    let path = folder.join("fsync-probe");
    let mut file = std::fs::File::create(&path).expect("a file");
    let block = [7_u8; 8192];
    let mut took: Vec<Duration> = (0..200)
        .map(|_| {
            file.write_all(&block).expect("writes");
            let started = Instant::now();
            file.sync_data().expect("syncs");
            started.elapsed()
        })
        .collect();
    let _ = std::fs::remove_file(path);
    took.sort_unstable();
    u64::try_from(took[took.len() / 2].as_micros()).unwrap_or(u64::MAX)
}

/// The value that a share of `sorted` does not exceed.
pub fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len()) - 1;
    millis(sorted[index])
}

/// In milliseconds, to a hundredth.
pub fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Two digits behind the point.
pub fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
