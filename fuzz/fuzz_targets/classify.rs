//! `classify` takes any bytes without a panic, and says the same of a message however it is wrapped.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pullmedic_classify::{Context, classify};

fuzz_target!(|data: &[u8]| {
    let plain = classify(data, Context::default());
    assert!(plain.leaf.len() <= 3 * data.len());
    // What the caller knows is given as text; the first line serves.
    let image = data.split(|&byte| byte == b'\n').next().and_then(|line| std::str::from_utf8(line).ok());
    let _ = classify(data, Context { image, reason: image });
    let wrapped = classify(&[b"(combined from similar events): ".as_slice(), data].concat(), Context::default());
    assert_eq!(plain, wrapped, "{}", String::from_utf8_lossy(data));
});
