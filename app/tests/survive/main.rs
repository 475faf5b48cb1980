//! Faults that `pullmedic controller` must survive, each through the real binary between an API server and registries of
//! the test kit: nothing lost, nothing opened twice, and one bad object never stops the others.
//!
//! - `ground`: both servers with the definitions and the rights of `deploy/`, and what is expected of them. `child`: the
//!   binary as a process, killed by its id whatever happens. `stage`, `words`, `world`: those of the tests of proof.
//! - `server`, `lease`, `rights`, `definitions`, `objects`: the API server and what stands in it. `disk`: the history.
//!   `registries`: those that hang.
//! - `kills`: `kill -9` at random points, 20 times, or `PULLMEDIC_KILLS` times.
//! - `storm`, `hosts`, `canaries`: calm in a storm, and threats 10 to 14 and 30.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod canaries;
mod child;
mod definitions;
mod disk;
mod ground;
mod hosts;
mod kills;
mod lease;
mod objects;
mod registries;
mod rights;
mod server;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../proof/stage.rs"]
mod stage;
mod storm;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../proof/words.rs"]
mod words;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../proof/world.rs"]
mod world;
