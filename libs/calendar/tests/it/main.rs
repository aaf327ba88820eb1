//! Business time against a slow and simple reading of the same rules.

mod naive;
mod properties;
mod random;
