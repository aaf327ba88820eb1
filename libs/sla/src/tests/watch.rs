//! What is told, when, and that it agrees with what is so in the end.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::oracle::{goals, hours, what};
use super::*;
use crate::judge::judge;
use crate::target::Standing;
use crate::watch::{News, Watch};

fn hour() -> Terms {
    terms(&[
        elapsed(Metric::FirstResponse, 3_600),
        elapsed(Metric::Resolution, 7_200),
    ])
}

fn words(news: &[News]) -> Vec<String> {
    news.iter()
        .map(|news| {
            let metric = news.target().metric.as_str();
            match news {
                News::AtRisk(_) => format!("{metric} at risk"),
                News::Missed { previous, live, .. } => format!("{metric} missed live={live} after {previous:?}"),
                News::Met { previous, .. } => format!("{metric} met after {previous:?}"),
                News::Revised { previous, target } => format!("{metric} {:?} after {previous:?}", target.standing),
            }
        })
        .collect()
}

#[test]
fn each_thing_is_told_once_and_at_its_time() {
    let terms = hour();
    let mut watch = Watch::new(&terms, clock("09:00"), clock("09:00"));
    let told = watch
        .apply(&terms, &[wrote(clock("09:00"))], clock("09:00"))
        .expect("in order");
    assert!(told.is_empty());
    assert_eq!(watch.wake_at(), Some(clock("09:48")));
    assert!(watch.report(&terms, clock("09:47:59")).is_empty());
    assert_eq!(words(&watch.report(&terms, clock("09:48"))), ["first_response at risk"]);
    assert!(watch.report(&terms, clock("09:50")).is_empty());
    let due = clock("10:00") + TimeDelta::microseconds(1);
    assert_eq!(watch.wake_at(), Some(due));
    assert!(watch.report(&terms, clock("10:00")).is_empty(), "in time yet");
    let missed = watch.report(&terms, due);
    assert_eq!(words(&missed), ["first_response missed live=true after Some(Running)"]);
    assert_eq!(missed[0].target().due_at, Some(clock("10:00")));
    assert_eq!(watch.wake_at(), Some(clock("10:36")), "resolution");
    let told = watch
        .apply(&terms, &[replied(clock("10:10"))], clock("10:10"))
        .expect("in order");
    assert!(told.is_empty(), "late is late: nothing new");
    let solved = watch
        .apply(&terms, &[became(Status::Solved, clock("10:20"))], clock("10:20"))
        .expect("in order");
    assert_eq!(words(&solved), ["resolution met after Some(Running)"]);
    assert_eq!(watch.wake_at(), None);
}

/// The reply lies in a mailbox while the due time passes: what was told is corrected, and if nothing was told nothing is.
#[test]
fn a_reply_recorded_late_but_written_in_time_is_in_time() {
    let terms = hour();
    let mut watch = Watch::new(&terms, clock("09:00"), clock("09:00"));
    watch
        .apply(&terms, &[wrote(clock("09:00"))], clock("09:00"))
        .expect("in order");
    let mut down = watch.clone();
    let told = down
        .apply(&terms, &[replied(clock("09:30"))], clock("11:00:30"))
        .expect("in order");
    assert_eq!(
        words(&told),
        [
            "first_response met after Some(Running)",
            "resolution missed live=true after Some(Running)"
        ]
    );
    watch.report(&terms, clock("10:05"));
    let told = watch
        .apply(&terms, &[replied(clock("09:30"))], clock("10:30"))
        .expect("in order");
    assert_eq!(words(&told), ["first_response met after Some(Missed)"]);
}

/// Last year's ticket raises no alarm: what it missed it missed long before we knew.
#[test]
fn a_backfill_is_told_but_not_live() {
    let terms = hour();
    let mut watch = Watch::new(&terms, clock("09:00"), clock("23:00"));
    let told = watch
        .apply(&terms, &[wrote(clock("09:00"))], clock("23:00"))
        .expect("in order");
    let both = [
        "first_response missed live=false after None",
        "resolution missed live=false after None",
    ];
    assert_eq!(words(&told), both);
    assert_eq!(watch.wake_at(), None);
}

#[test]
fn what_is_not_owed_any_more_is_taken_back() {
    let terms = hour();
    let mut watch = Watch::new(&terms, clock("09:00"), clock("09:00"));
    watch
        .apply(&terms, &[wrote(clock("09:00"))], clock("09:00"))
        .expect("in order");
    let told = watch
        .apply(&terms, &[became(Status::Closed, clock("09:10"))], clock("09:10"))
        .expect("in order");
    assert_eq!(
        words(&told),
        [
            "first_response NotOwed after Running",
            "resolution NotOwed after Running"
        ]
    );
}

/// A pause and its end are told by the ticket's state; a warning is not repeated after it.
#[test]
fn a_pause_is_no_news() {
    let terms = terms(&[elapsed(Metric::Resolution, 3_600)]);
    let mut watch = Watch::new(&terms, clock("09:00"), clock("09:00"));
    assert_eq!(words(&watch.report(&terms, clock("09:50"))), ["resolution at risk"]);
    let pending = became(Status::Pending, clock("09:55"));
    assert!(
        watch
            .apply(&terms, &[pending], clock("09:55"))
            .expect("in order")
            .is_empty()
    );
    assert_eq!(watch.wake_at(), None, "it can neither warn nor miss");
    let open = became(Status::Open, clock("12:00"));
    assert!(
        watch
            .apply(&terms, &[open], clock("12:00"))
            .expect("in order")
            .is_empty()
    );
    assert_eq!(watch.wake_at(), Some(clock("12:05") + TimeDelta::microseconds(1)));
}

#[test]
fn a_late_message_that_makes_the_wait_longer_corrects_what_was_told() {
    let terms = hour();
    let mut watch = Watch::new(&terms, clock("09:00"), clock("09:00"));
    let known = [wrote(clock("09:00")), replied(clock("09:50"))];
    watch.apply(&terms, &known[..1], clock("09:00")).expect("in order");
    watch.apply(&terms, &known[1..], clock("09:50")).expect("in order");
    let late = wrote(clock("08:30"));
    assert!(watch.apply(&terms, &[late], clock("10:00")).is_err());
    let all = [known[0], known[1], late];
    let (rebuilt, told) = watch.rebuilt((&terms, &known), (&terms, &all), clock("09:00"), clock("10:00"));
    assert_eq!(words(&told), ["first_response missed live=false after Some(Met)"]);
    assert_eq!(rebuilt.targets(&terms, clock("10:00"))[0].started_at, clock("08:30"));
}

/// What a reader who believes every piece of news thinks in the end.
fn believe(believed: &mut BTreeMap<(Metric, Option<DateTime<Utc>>), Standing>, news: &[News]) {
    for one in news {
        let target = one.target();
        let key = (
            target.metric,
            (target.metric == Metric::NextResponse).then_some(target.started_at),
        );
        let previous = match one {
            News::AtRisk(_) => continue,
            News::Missed { previous, .. } | News::Met { previous, .. } => *previous,
            News::Revised { previous, .. } => Some(*previous),
        };
        // What is not owed is as if it had never been: the turn may be gone, and another may begin there later.
        let known = match target.standing {
            Standing::NotOwed => believed.remove(&key),
            standing => believed.insert(key, standing),
        };
        if let (Some(known), Some(previous)) = (known, previous) {
            assert!(
                known == previous || known.is_open() && previous.is_open(),
                "{one:?} after {known:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Facts arrive in any order, each at or after its time; in between somebody looks now and then, or not at all. In the
    /// end everybody who believed what was told knows what is so.
    #[test]
    fn what_is_told_is_what_is_so(
        goals in goals(200),
        hours in hours(),
        arrivals in proptest::collection::vec((0..300i64, 0..100i64, what(), any::<bool>()), 0..12),
        end in 0..300i64,
    ) {
        let terms = Terms::new(goals, hours);
        // By arrival; each is known from then on.
        let mut arrivals: Vec<(i64, Fact, bool)> = arrivals
            .into_iter()
            .map(|(second, delay, what, looks)| (second + delay, Fact::new(at(second), what), looks))
            .collect();
        arrivals.sort_by_key(|(arrives, ..)| *arrives);
        let mut watch = Watch::new(&terms, at(0), at(0));
        let mut known: Vec<Fact> = Vec::new();
        let mut believed = BTreeMap::new();
        let mut now = at(0);
        for (arrives, fact, looks) in arrivals {
            if looks {
                // A loop that wakes when it was told to.
                while let Some(wake) = watch.wake_at().filter(|wake| *wake <= at(arrives)) {
                    let wake = wake.max(now);
                    let news = watch.report(&terms, wake);
                    prop_assert!(watch.wake_at().is_none_or(|next| next > wake), "it never wakes for nothing");
                    believe(&mut believed, &news);
                }
            }
            now = at(arrives);
            let news = match watch.apply(&terms, &[fact], now) {
                Ok(news) => news,
                Err(_) => {
                    let after: Vec<Fact> = known.iter().copied().chain([fact]).collect();
                    let (rebuilt, news) = watch.rebuilt((&terms, &known), (&terms, &after), at(0), now);
                    watch = rebuilt;
                    news
                }
            };
            known.push(fact);
            believe(&mut believed, &news);
        }
        now += TimeDelta::seconds(end);
        let news = watch.report(&terms, now);
        believe(&mut believed, &news);
        prop_assert!(watch.report(&terms, now).is_empty(), "nothing is told twice");
        let judged = judge(&terms, at(0), &known, now);
        for target in &judged {
            let key = (target.metric, (target.metric == Metric::NextResponse).then_some(target.started_at));
            match believed.remove(&key) {
                Some(standing) if standing.is_open() => prop_assert!(target.standing.is_open(), "{:?}", target),
                Some(standing) => prop_assert_eq!(standing, target.standing, "{:?}", target),
                // Nobody was told: it runs, or never was owed.
                None => prop_assert!(!matches!(target.standing, Standing::Met | Standing::Missed), "{:?}", target),
            }
        }
        prop_assert!(believed.is_empty(), "what is gone is taken back: {:?}", believed);
    }
}
