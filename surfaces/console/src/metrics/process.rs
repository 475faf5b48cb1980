//! What the process itself costs, read where Linux says it. Named as every Prometheus client names them, without our
//! prefix: <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Ticks a second in `/proc`: 100 on every Linux of today whatever the kernel's own, as user space was promised it.
/// <https://man7.org/linux/man-pages/man7/time.7.html>
const TICKS: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Process;

/// The figures that the machine gives; off Linux none.
#[derive(Debug, Default, PartialEq)]
struct Figures {
    resident_bytes: Option<u64>,
    cpu_seconds: Option<f64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
}

impl Figures {
    fn read() -> Figures {
        let text = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
        Figures {
            resident_bytes: resident(&text("status")),
            cpu_seconds: cpu(&text("stat")),
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64),
            max_fds: limit(&text("limits")),
        }
    }
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// User and system time: the fields 14 and 15. The name of the program comes before and may hold anything but ends with
/// the last bracket.
fn cpu(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some((user + system) as f64 / TICKS)
}

fn limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Figures { resident_bytes, cpu_seconds, open_fds, max_fds } = Figures::read();
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: Option<u64>| {
            let Some(value) = value.and_then(|value| i64::try_from(value).ok()) else { return Ok(()) };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(
                name,
                help,
                unit,
                prometheus_client::metrics::MetricType::Gauge,
            )?)
        };
        gauge("process_resident_memory", "Memory that is resident.", Some(&Unit::Bytes), resident_bytes)?;
        gauge("process_open_fds", "File descriptors that are open.", None, open_fds)?;
        gauge("process_max_fds", "File descriptors that may be open.", None, max_fds)?;
        if let Some(seconds) = cpu_seconds {
            let counter = ConstCounter::new(seconds);
            let kind = prometheus_client::metrics::MetricType::Counter;
            let help = "Time that processors spent, of user and of system.";
            counter.encode(encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), kind)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_figures_are_read_and_odd_ones_are_left_out() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t   12345 kB\nVmLck: 0 kB\n"), Some(12345 * 1024));
        assert_eq!(resident("VmRSS: many"), None);
        let stat = "1 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20";
        assert_eq!(cpu(stat), Some(1.75));
        assert_eq!(cpu("1 (x) S 1"), None);
        assert_eq!(
            limit("Max open files            1024                 524288               files"),
            Some(1024)
        );
        assert_eq!(limit("Max open files            unlimited            unlimited            files"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_every_figure() {
        let figures = Figures::read();
        assert!(figures.resident_bytes.is_some_and(|bytes| bytes > 1 << 20), "{figures:?}");
        assert!(figures.open_fds.is_some_and(|fds| fds >= 3), "{figures:?}");
        assert!(figures.cpu_seconds.is_some() && figures.max_fds.is_some(), "{figures:?}");
    }
}
