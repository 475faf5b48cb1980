//! Black-box runs of `pullmedic controller`.

mod calm;
mod dials;
mod life;
mod play;
mod rights;
mod told;
mod writes;
