//! Black-box runs of `pullmedic controller`.

mod calm;
mod life;
mod play;
mod rights;
mod told;
mod writes;
