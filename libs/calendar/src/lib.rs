//! Business time: how long a desk was open between two instants, and when a target's seconds are used up.
//!
//! ```text
//! Draft (text)  --check-->  Version      one set of opening hours in one zone, counting from a local date
//! [Version]     ------->    Schedule     versions over time; `known_at` is the snapshot a ticket keeps
//! Schedule      --compile-> Calendar     blocks of repeating weeks with prefix sums; answers questions
//! iCalendar     --read----> Holidays     closed days, to be added to a version as exceptions
//! ```
//!
//! The rules, all of them local to the zone of the version:
//! - Hours belong to the local day on which they start. An end at or before the start is on the next day; `24:00` is
//!   the end of the day. Overlaps count once. An exception replaces the hours that start on its date: a shift begun
//!   the evening before runs to its end.
//! - A local time that exists twice means its first occurrence; one that is skipped is read with the offset before
//!   the jump. This holds for whole days that a zone left out, too.
//! - On each local day the version with the latest `valid_from` not after it counts, of two the later written. The
//!   first written version without `valid_from` counts always, a later one from the local day on which it was written.
//!   The oldest also covers all days before it.
//!
//! Everything here is pure: no clock, no IO. Times are cut to the microsecond; boundaries lie on whole seconds.

mod blocks;
mod calendar;
mod draft;
mod eras;
pub mod holidays;
mod intervals;
mod schedule;
mod span;
mod version;
mod week;
mod zone;

pub use calendar::Calendar;
pub use draft::{Draft, Overlaps, Problem};
pub use schedule::{Schedule, TooManyVersions, VERSIONS_MAX};
pub use span::{Span, SpanError};
pub use version::{DAYS, EXCEPTIONS_MAX, FIRST_DATE, LAST_DATE, SPANS_PER_DAY_MAX, Version};
