//! Messages a second, allocations a message, and growth on hostile input. Prints figures; asserts nothing on time.

#![allow(missing_docs, reason = "criterion's macros write undocumented items")]

mod messages;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use messages::MESSAGES;
use pullmedic_classify::{Context, classify};

fn realistic(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("classify");
    group.throughput(Throughput::Elements(MESSAGES.len() as u64));
    group.bench_function("realistic", |bencher| {
        bencher.iter(|| {
            for message in MESSAGES {
                black_box(classify(black_box(message.as_bytes()), Context::default()));
            }
        });
    });
    group.finish();
    figures();
    hostile();
}

#[expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]
fn figures() {
    let bytes: usize = MESSAGES.iter().map(|message| message.len()).sum();
    let (mut best, mut rounds) = (Duration::MAX, 0);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(2) {
        let start = Instant::now();
        for _ in 0..100 {
            for message in MESSAGES {
                black_box(classify(black_box(message.as_bytes()), Context::default()));
            }
        }
        best = best.min(start.elapsed());
        rounds += 1;
    }
    let mean = begin.elapsed() / rounds;
    let rate = |time: Duration| 100.0 * MESSAGES.len() as f64 / time.as_secs_f64();
    let counted = allocation_counter::measure(|| {
        for message in MESSAGES {
            black_box(classify(black_box(message.as_bytes()), Context::default()));
        }
    });
    println!(
        "realistic: {:.0} messages/s at best, {:.0} on average ({} bytes a message); {:.1} allocations a message",
        rate(best),
        rate(mean),
        bytes / MESSAGES.len(),
        counted.count_total as f64 / MESSAGES.len() as f64,
    );
}

/// Inputs made to be slow: each from one piece, repeated.
#[expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]
fn hostile() {
    for (name, piece) in [
        ("aggregation prefixes", "(combined from similar events): "),
        ("brackets", "["),
        ("lists", ": [rpc error: code = "),
        ("open quotes", "image \""),
        ("URLs", "://"),
        ("images", "image \"a/b\": a/b: not found "),
        ("backslashes", "\\"),
        ("digests", "sha256:"),
        ("one word", "x"),
        ("table words", "denied: unauthorized: not found connection refused "),
    ] {
        print!("hostile {name:22}");
        for size in [1 << 10, 8 << 10, 64 << 10, 1 << 20] {
            let input = piece.repeat(size / piece.len() + 1);
            let input = &input.as_bytes()[..size];
            let best = (0..5)
                .map(|_| {
                    let start = Instant::now();
                    black_box(classify(black_box(input), Context::default()));
                    start.elapsed()
                })
                .min()
                .unwrap_or_default();
            print!("  {:>7} B {:>9.1?} ({:.1} ns/B)", size, best, best.as_nanos() as f64 / size as f64);
        }
        println!();
    }
}

criterion_group!(benches, realistic);
criterion_main!(benches);
