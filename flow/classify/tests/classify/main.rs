//! What the crate judges of composed messages: tables, properties, bad input.

mod attempts;
mod bad_input;
mod composed;
mod instead;
mod judgements;
mod names;
mod places;
