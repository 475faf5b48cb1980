//! Millions of changes through a correlator: time, entries and resident memory. Prints figures; asserts nothing.
//!
//! `cargo bench -p pullmedic-correlate` feeds 17 million; another number of millions is taken from `MILLIONS`.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]
#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use pullmedic_correlate::{Correlator, Settings};
use pullmedic_model::incident::input::{Input, Ran, Told};
use pullmedic_model::{Cause, Certainty};
use support::{gone, judge, judged, key, owner, past, pulled, tick, wait, waits};

/// Containers that come and go: 1 % of 150,000 pods.
const PODS: u64 = 1_500;
const CAUSES: [Cause; 5] =
    [Cause::TagNotFound, Cause::RegistryUnavailable, Cause::Dns, Cause::BadCredentials, Cause::DiskFull];

fn main() {
    let millions: u64 = std::env::var("MILLIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(17);
    let mut correlator = Correlator::new(Settings::default());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut changes = 0_usize;
    let begin = Instant::now();
    println!("million  entries  incidents  changes    resident  inputs/s");
    for number in 0..millions * 1_000_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // 200 changes a second, as of 150,000 pods; a day and a night are 17 million.
        changes += correlator.take(&input(i64::try_from(number / 200).unwrap(), random)).len();
        if (number + 1) % 1_000_000 == 0 {
            println!(
                "{:>7}  {:>7}  {:>9}  {:>9}  {:>5} KiB  {:>8.0}",
                (number + 1) / 1_000_000,
                correlator.held(),
                correlator.incidents().count(),
                changes,
                resident(),
                (number + 1) as f64 / begin.elapsed().as_secs_f64(),
            );
        }
    }
    let per_input = begin.elapsed().as_nanos() / u128::from(millions * 1_000_000);
    println!("{per_input} ns an input");
}

fn input(second: i64, random: u64) -> Input {
    let part = |shift: u32, below: u64| (random >> shift) % below;
    // Names go on for ever: each pod number comes again under another uid.
    let pod = part(8, PODS);
    let cause = CAUSES[usize::try_from(pod % 5).unwrap()];
    let image = format!("r{}.test/team/app-{}:{}", pod % 7, pod % 40, second / 3_000);
    let uid = format!("web{}-{}", pod % 300, second / 600);
    let mut container = waits(&format!("ns-{}", pod % 50), &uid, &image, cause);
    container.node = Some(format!("node-{}", pod % 500));
    container.secrets = vec![format!("regcred-{}", pod % 3)];
    match part(0, 16) {
        0..=6 => wait(second, &container),
        7 | 8 => past(second, &container),
        9 | 10 => gone(second, &container),
        11 => {
            let mut judged = judged(&container, cause, Certainty::Proven);
            judged.login = Some(format!("login-{}", pod % 20));
            judge(second, judged)
        }
        12 | 13 => pulled(second, &format!("node-{}", part(24, 5_000)), &image),
        14 => {
            let ran = Ran {
                namespace: key("ns", "").namespace,
                owner: owner(&format!("owner-{}-{}", part(24, 30_000), second / 3_000)),
                container: "main".to_owned(),
                image,
            };
            Input { at: support::at(second), told: Told::Ran(ran) }
        }
        _ => tick(second),
    }
}

/// Kibibytes resident, by the kernel: <https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html>; 0 elsewhere.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4
}
