//! Black-box runs of `pullmedic controller`.

mod life;
mod play;
