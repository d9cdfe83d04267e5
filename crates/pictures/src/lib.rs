//! Pictures of a game: raw pixels are cut to a rectangle, scaled to a width, and encoded as PNG or
//! JPEG.
//!
//! [`encode`] does that, and [`Studio`] does it on a thread of its own. Nothing here knows of
//! Python, of the network or of a game.

mod encode;
mod picture;
mod scale;
mod shot;
mod studio;

pub use encode::{Encoded, encode};
pub use picture::{Layout, Picture, Pixels};
pub use shot::{Error, Format, Rectangle, Shot, Size};
pub use studio::{Busy, MAX_WAITING, Order, Studio};
