//! What one pod of a watch costs: 7 KiB with managed fields, as a cluster's kubelet and controllers left it.
//!
//! `cargo bench -p pullmedic-cluster`

#![expect(clippy::unwrap_used, reason = "a bench fails by panic")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pullmedic_model::object::{Kind, decode_json, decode_one};

const POD: &str = include_str!("pod.json");

fn decode(criterion: &mut Criterion) {
    let kind = Kind { api_version: "v1".into(), kind: "Pod".into() };
    let mut group = criterion.benchmark_group("a pod of 7 KiB");
    group.throughput(Throughput::Bytes(POD.len() as u64));
    group
        .bench_function("of a known kind", |bench| bench.iter(|| decode_one(&kind, black_box(POD)).unwrap()));
    group.bench_function("of any kind", |bench| {
        bench.iter(|| decode_json(black_box(POD), &mut |object| drop(black_box(object))).unwrap());
    });
    group.bench_function("passed over", |bench| {
        bench.iter(|| serde_json::from_str::<serde::de::IgnoredAny>(black_box(POD)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
