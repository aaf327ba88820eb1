//! The rules of the layout, as tests. Most of them are absences, which no compiler checks and no reviewer sees.
//!
//! Each rule reads the sources as text, needs nothing running, and names file, line and the way out.

mod contracts;
mod dependencies;
mod folders;
mod layers;
mod sources;
mod text;
