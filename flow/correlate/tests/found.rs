//! Scripts that a property once did not hold of, each named for what it is about.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use pullmedic_model::Certainty::{self, Likely, Undecided};
use support::script::Step::{self, Gone, Past, Pulled, Refuse, Wait};
use support::script::{essences, inputs, kept, restarted, run, shuffled};

/// A proof with this outcome.
const fn judge(pod: usize, cause: usize, certainty: Certainty) -> Step {
    Step::Judge { pod, cause, certainty, over: false, login: false }
}

const fn wait(pod: usize, cause: usize) -> Step {
    Wait { pod, cause }
}

/// Each cut of the script by a restart comes to the same as none.
fn survives_a_restart(script: &[(i64, Step)]) {
    let inputs = kept(inputs(script));
    for cut in 0..inputs.len() {
        let (again, straight) = restarted(&inputs, cut);
        assert_eq!(again, straight, "after input {cut}");
    }
}

/// Each of many orders within a moment comes to the same.
fn has_no_order(script: &[(i64, Step)]) {
    let inputs = inputs(script);
    let expected = essences(&run(&inputs));
    for seed in 0..200_u64 {
        let other = shuffled(&inputs, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        assert_eq!(essences(&run(&other)), expected, "seed {seed}");
    }
}

#[test]
fn an_answer_that_went_with_its_container_is_not_known_to_the_incident_it_left() {
    survives_a_restart(&[
        (0, wait(1, 2)),
        (0, wait(3, 3)),
        (0, judge(3, 1, Undecided)),
        (0, wait(4, 0)),
        (0, wait(6, 1)),
        (0, judge(3, 2, Undecided)),
        (0, wait(0, 0)),
        (0, Refuse(0)),
    ]);
}

#[test]
fn a_look_that_decides_nothing_takes_nobody_out_of_what_is_decided() {
    survives_a_restart(&[
        (0, wait(0, 3)),
        (0, judge(0, 2, Undecided)),
        (0, wait(4, 0)),
        (0, judge(4, 2, Likely)),
        (0, wait(7, 3)),
        (0, judge(7, 3, Undecided)),
    ]);
    survives_a_restart(&[
        (0, wait(6, 0)),
        (0, wait(7, 1)),
        (0, judge(6, 5, Likely)),
        (0, judge(7, 5, Undecided)),
        (0, judge(7, 3, Undecided)),
    ]);
}

#[test]
fn what_was_merged_answers_nobody_any_more() {
    survives_a_restart(&[
        (2, wait(3, 7)),
        (0, wait(6, 3)),
        (0, judge(6, 1, Undecided)),
        (0, judge(6, 7, Undecided)),
        (0, wait(1, 3)),
    ]);
}

#[test]
fn what_nothing_waits_for_is_quiet_for_as_long_after_a_restart() {
    survives_a_restart(&[
        (0, wait(2, 0)),
        (0, wait(5, 3)),
        (0, Gone(5)),
        (0, Step::Tick),
        (3_606, wait(0, 0)),
        (0, wait(5, 3)),
    ]);
}

#[test]
fn what_a_container_was_asked_itself_is_said_of_it_after_a_restart() {
    survives_a_restart(&[
        (0, wait(7, 7)),
        (0, wait(1, 7)),
        (0, judge(1, 6, Likely)),
        (0, judge(7, 7, Likely)),
        (0, wait(0, 0)),
    ]);
    survives_a_restart(&[
        (0, wait(3, 5)),
        (0, wait(0, 5)),
        (0, judge(3, 5, Likely)),
        (0, judge(0, 3, Likely)),
        (0, judge(0, 0, Likely)),
    ]);
}

#[test]
fn what_a_container_was_asked_itself_is_overruled_with_it() {
    survives_a_restart(&[
        (0, wait(3, 7)),
        (0, wait(1, 0)),
        (0, judge(3, 5, Undecided)),
        (0, judge(1, 5, Likely)),
        (0, wait(0, 7)),
        (0, judge(0, 0, Likely)),
    ]);
    survives_a_restart(&[
        (0, wait(1, 2)),
        (0, judge(1, 1, Likely)),
        (0, wait(3, 1)),
        (0, wait(0, 2)),
        (0, judge(0, 2, Likely)),
        (0, wait(0, 0)),
    ]);
    survives_a_restart(&[
        (0, wait(6, 5)),
        (0, judge(6, 7, Likely)),
        (0, wait(3, 5)),
        (0, judge(3, 5, Likely)),
    ]);
}

#[test]
fn what_was_over_for_more_than_an_hour_answers_nobody() {
    survives_a_restart(&[
        (0, wait(2, 7)),
        (0, judge(2, 5, Undecided)),
        (0, wait(2, 0)),
        (3_161, wait(0, 0)),
        (4_796, wait(0, 0)),
        (4_456, wait(0, 0)),
        (4_495, judge(0, 0, Undecided)),
        (0, wait(2, 7)),
        (4_781, wait(0, 0)),
    ]);
}

#[test]
fn nodes_are_compared_at_the_same_second_whatever_was_told_first() {
    has_no_order(&[
        (0, wait(2, 0)),
        (0, wait(4, 0)),
        (0, judge(0, 0, Undecided)),
        (0, wait(0, 0)),
        (0, Past(4)),
        (0, Pulled { node: 0, image: 1 }),
        (0, judge(0, 0, Undecided)),
        (0, wait(1, 0)),
        (0, Pulled { node: 0, image: 1 }),
        (0, wait(7, 0)),
        (1, wait(4, 0)),
        (7, wait(0, 0)),
    ]);
}

#[test]
fn a_pod_that_left_at_this_moment_was_not_followed_by_one_that_came_at_it() {
    has_no_order(&[
        (0, wait(0, 0)),
        (0, wait(0, 5)),
        (0, wait(6, 5)),
        (0, wait(0, 5)),
        (0, wait(0, 0)),
        (0, wait(7, 5)),
        (0, Gone(6)),
        (1, wait(0, 0)),
    ]);
}

#[test]
fn the_summary_of_what_comes_back_is_not_of_the_last_container_that_left() {
    has_no_order(&[
        (0, wait(1, 0)),
        (0, judge(1, 0, Undecided)),
        (2, Pulled { node: 1, image: 1 }),
        (0, Past(1)),
        (5, wait(0, 0)),
        (0, wait(7, 0)),
    ]);
    has_no_order(&[
        (0, wait(0, 0)),
        (0, wait(1, 0)),
        (0, wait(0, 2)),
        (0, wait(7, 5)),
        (0, judge(7, 1, Undecided)),
        (1, Pulled { node: 0, image: 0 }),
        (0, Past(7)),
        (0, Past(0)),
        (0, wait(0, 2)),
        (0, Pulled { node: 0, image: 1 }),
        (90, wait(0, 1)),
    ]);
}
