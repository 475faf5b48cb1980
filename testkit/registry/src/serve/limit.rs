//! The manners of a 429.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::reply::Reply;
use crate::configuration::{LimitStyle, Limited};

const HUB: &str = "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit";
const HUB_ANONYMOUS: &str =
    "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit";

pub(crate) fn reply(limited: &Limited) -> Reply {
    let reset = limited.reset.unwrap_or(Duration::from_secs(60));
    let seconds = reset.as_secs();
    let too_many = |words: &str| Reply::error(429, "TOOMANYREQUESTS", words);
    let hub = |words: &str, anonymous: bool| {
        docker_hub(too_many(words), anonymous, 100, 0, reset).with("Retry-After", seconds.to_string())
    };
    match limited.style {
        LimitStyle::Bare => too_many("too many requests"),
        LimitStyle::DockerHub => hub(HUB, false),
        LimitStyle::DockerHubAnonymous => hub(HUB_ANONYMOUS, true),
        LimitStyle::DockerHubAbuse => Reply::new(429, "text/plain", b"Too Many Requests".to_vec()),
        LimitStyle::RetryAfterSeconds => {
            too_many("too many requests").with("Retry-After", seconds.to_string())
        }
        LimitStyle::RetryAfterDate => too_many("too many requests").with("Retry-After", date(reset)),
        LimitStyle::Github => {
            let at = Timestamp::now().as_second() + i64::try_from(seconds).unwrap_or(i64::MAX / 2);
            too_many("retry-after: too many requests")
                .with("Retry-After", seconds.to_string())
                .with("x-ratelimit-limit", "44000")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", at.to_string())
        }
        LimitStyle::Harbor => {
            Reply::error(429, "TOO_MANY_REQUEST", "too many request, upstream limit reached")
        }
        LimitStyle::Quay => Reply::html(429, "429 Too Many Requests"),
        LimitStyle::Ecr => too_many("Rate exceeded"),
    }
}

/// Docker Hub's figures on a manifest's answer, well or refused (pull-facts 4.4).
pub(crate) fn docker_hub(reply: Reply, anonymous: bool, limit: u64, left: u64, window: Duration) -> Reply {
    let window = window.as_secs();
    // The client's address, or the account's id.
    let source = if anonymous { "192.0.2.1" } else { "11111111-2222-3333-4444-555555555555" };
    reply
        .with("ratelimit-limit", format!("{limit};w={window}"))
        .with("ratelimit-remaining", format!("{left};w={window}"))
        .with("docker-ratelimit-source", source)
}

/// A date of HTTP so long from now.
pub(crate) fn date(after: Duration) -> String {
    let then = Timestamp::now().checked_add(after).unwrap_or(Timestamp::MAX);
    DateTimePrinter::new().timestamp_to_rfc9110_string(&then).unwrap_or_default()
}
