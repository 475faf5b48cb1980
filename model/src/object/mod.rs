//! The fields of Kubernetes objects that we read, and no others.
//!
//! Decoding is tolerant: what is absent or `null` takes its default, unknown fields are passed over, a time that does
//! not parse is no time. A field of the wrong type makes that one object unreadable; [`decode_json`] reports it and goes on.
//! The same structs serve live and saved input.

mod account;
mod decode;
mod event;
mod lenient;
mod meta;
mod node;
mod objects;
mod pod;
mod secret;
mod workload;

pub use account::ServiceAccount;
pub use decode::{Kind, Object, Page, Unreadable, decode_json, decode_one, decode_value};
pub use event::{Event, InvolvedObject};
pub use meta::{Meta, OwnerReference};
pub use node::Node;
pub use objects::Objects;
pub use pod::{
    Container, ContainerKind, ContainerStatus, ImageVolume, LocalReference, Pod, PodSpec, State, Terminated,
    Waiting,
};
pub use secret::{NotASecret, Secret};
pub use workload::{Template, Workload, WorkloadKind};
