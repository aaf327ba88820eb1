//! What routing does by itself, one file a loop. Each exposes its one step to tests.

pub(crate) mod forget_answers;
pub(crate) mod presence;
pub(crate) mod sweep;
pub(crate) mod typing;
