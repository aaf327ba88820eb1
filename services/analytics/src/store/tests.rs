//! What is kept is what comes back; what is torn or flipped does not; and whatever is killed when, the figures are those of all events.

use proptest::prelude::*;
use tempfile::TempDir;
use vorrang_api::feed::v1::EventHead;

use super::*;
use crate::buckets::Micros;
use crate::facts::Event;
use crate::kpis::tests::random::{Deed, everything, tell};
use crate::projection::{FeedEvent, OWNERS, Owner};
use crate::view::View;

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;

/// A deed as an event of a feed.
#[derive(Debug, Clone)]
struct Told {
    head: EventHead,
    deed: Deed,
}

impl FeedEvent for Told {
    fn head(&self) -> Option<&EventHead> {
        Some(&self.head)
    }

    fn tell(&self, _: Micros, told: &mut dyn FnMut(Micros, Event<'_>)) {
        tell(&self.deed, MINUTE, told);
    }
}

/// The log of one owner for one tenant.
fn log<'d>(deeds: impl Iterator<Item = &'d Deed>) -> Vec<Told> {
    let told = (1..).zip(deeds).map(|(seq, deed)| Told {
        head: EventHead {
            seq,
            occurred_at: Some(prost_types::Timestamp::default()),
            ..EventHead::default()
        },
        deed: *deed,
    });
    told.collect()
}

fn some_deeds(many: u8) -> Vec<Deed> {
    let one = |n: u8| {
        let deed: Deed = (
            n.wrapping_mul(7),
            n / 3,
            n.wrapping_mul(31),
            n.wrapping_mul(57),
            i64::from(n),
        );
        deed
    };
    (0..many).map(one).collect()
}

/// Gives everything up to `end` that is not in yet, as a feed that goes on after a cursor does: perhaps a little again.
fn feed(projection: &Projection, owner: Owner, tenant: &str, log: &[Told], end: usize) {
    let cursor = projection.cursors(owner).remove(tenant).unwrap_or_default();
    let after: usize = cursor.parse().unwrap_or(0);
    let events = log.get(after.saturating_sub(2)..end.max(after)).unwrap_or(&[]);
    if !events.is_empty() {
        let cursor = end.max(after).to_string();
        projection
            .apply(owner, tenant, events, (None, &cursor))
            .expect("in order");
    }
}

fn answers(projection: &Projection, tenant: &str) -> Vec<crate::query::Answer> {
    let facts = projection.tenant(tenant).expect("heard of");
    let facts = facts.read().expect("whole");
    let with = everything(&View::with(facts.ledger(), facts.facts(), HOUR));
    assert_eq!(
        with,
        everything(&View::new(facts.facts(), HOUR)),
        "roll-ups say what rows say"
    );
    with
}

fn kept(many: u8) -> (TempDir, Projection) {
    let folder = tempfile::tempdir().expect("a folder");
    let projection = Projection::new();
    let deeds = some_deeds(many);
    feed(&projection, Owner::Ticketing, "acme", &log(deeds.iter()), deeds.len());
    Store::new(folder.path().to_owned()).save(&projection).expect("saves");
    (folder, projection)
}

fn load(folder: &TempDir) -> Projection {
    let projection = Projection::new();
    Store::new(folder.path().to_owned()).load(&projection).expect("loads");
    projection
}

fn files(folder: &TempDir) -> Vec<PathBuf> {
    let tenant = fs::read_dir(folder.path()).expect("a folder").next().expect("a tenant");
    let tenant = tenant.expect("an entry").path();
    let mut files: Vec<PathBuf> = fs::read_dir(tenant)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_kept_comes_back_with_its_positions() {
    let (folder, projection) = kept(250);
    let back = load(&folder);
    assert_eq!(answers(&back, "acme"), answers(&projection, "acme"));
    assert_eq!(back.cursors(Owner::Ticketing), projection.cursors(Owner::Ticketing));
    assert_eq!(back.positions("acme"), projection.positions("acme"));
    assert_eq!(
        back.loading().len(),
        3,
        "nothing is served before the feeds were read to their end"
    );
}

#[test]
fn only_what_has_changed_is_written_again_and_old_files_go() {
    let (folder, _) = kept(200);
    let projection = Projection::new();
    let store = Store::new(folder.path().to_owned());
    store.load(&projection).expect("loads");
    let before = files(&folder);
    store.save(&projection).expect("saves");
    assert_eq!(files(&folder), before, "nothing has changed");
    let deeds = some_deeds(201);
    feed(&projection, Owner::Ticketing, "acme", &log(deeds.iter()), deeds.len());
    store.save(&projection).expect("saves");
    assert_eq!(files(&folder).len(), before.len());
    assert_eq!(answers(&load(&folder), "acme"), answers(&projection, "acme"));
}

#[test]
fn a_flipped_byte_or_a_torn_file_is_noticed_and_the_tenant_is_read_anew() {
    let (whole, _) = kept(120);
    for place in 0..files(&whole).len() {
        for damage in 0..4 {
            let (folder, _) = kept(120);
            let file = files(&folder).remove(place);
            let mut bytes = fs::read(&file).expect("reads");
            let middle = bytes.len() / 2;
            match damage {
                0 => bytes[middle] ^= 1,
                1 => bytes.truncate(middle),
                2 => bytes.push(0),
                _ => bytes.clear(),
            }
            fs::write(&file, &bytes).expect("writes");
            let back = load(&folder);
            assert!(
                back.tenant("acme").is_none(),
                "{} damaged in way {damage}",
                file.display()
            );
            assert_eq!(
                fs::read_dir(folder.path()).expect("a folder").count(),
                0,
                "what is of no use is gone"
            );
        }
        let (folder, _) = kept(120);
        fs::remove_file(files(&folder).remove(place)).expect("removes");
        assert!(load(&folder).tenant("acme").is_none());
    }
}

#[test]
fn files_without_a_manifest_that_names_them_are_as_if_they_were_not_there() {
    let (folder, projection) = kept(150);
    let tenant = files(&folder)[0].parent().expect("a folder").to_owned();
    fs::write(tenant.join("00000002-tickets-0"), b"half").expect("writes");
    fs::write(tenant.join("manifest.new"), b"half").expect("writes");
    let back = load(&folder);
    assert_eq!(answers(&back, "acme"), answers(&projection, "acme"));
    let deeds = some_deeds(152);
    let store = Store::new(folder.path().to_owned());
    let again = Projection::new();
    store.load(&again).expect("loads");
    feed(&again, Owner::Ticketing, "acme", &log(deeds.iter()), deeds.len());
    store.save(&again).expect("saves over what was left behind");
    assert_eq!(answers(&load(&folder), "acme"), answers(&again, "acme"));
}

#[test]
fn another_format_and_foreign_files_are_removed() {
    let (folder, _) = kept(20);
    let path = files(&folder)
        .into_iter()
        .find(|file| file.ends_with(MANIFEST))
        .expect("a manifest");
    let mut manifest = Manifest::read(&fs::read_to_string(&path).expect("reads")).expect("whole");
    manifest.format += 1;
    fs::write(&path, manifest.text()).expect("writes");
    fs::write(folder.path().join("stray"), b"?").expect("writes");
    assert!(load(&folder).tenant("acme").is_none());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn facts_that_were_given_up_are_gone_from_the_disk() {
    let (folder, _) = kept(20);
    let projection = Projection::new();
    let store = Store::new(folder.path().to_owned());
    store.load(&projection).expect("loads");
    projection.clear();
    store.forget().expect("removes");
    assert!(load(&folder).tenant("acme").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// F27: killed while folding, events given again, feeds and tenants in any order, corrections among them.
    #[test]
    fn whatever_is_killed_when_the_figures_are_those_of_all_events(
        deeds in prop::collection::vec((0..2_usize, 0..3_usize, any::<Deed>()), 1..150),
        turns in prop::collection::vec((0..2_usize, 0..3_usize, 1..25_usize, 0..6_u8), 1..40),
    ) {
        const TENANTS: [&str; 2] = ["acme", "brot"];
        let logs: Vec<Vec<Vec<Told>>> = (0..2)
            .map(|tenant| {
                let of = |owner| log(deeds.iter().filter(move |(t, o, _)| (*t, *o) == (tenant, owner)).map(|(_, _, deed)| deed));
                (0..3).map(of).collect()
            })
            .collect();
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::new(folder.path().to_owned());
        let mut projection = Projection::new();
        for (tenant, owner, step, then) in turns {
            let log = &logs[tenant][owner];
            let reached = projection.positions(TENANTS[tenant])[owner].seq;
            let end = usize::try_from(reached).expect("small") + step;
            feed(&projection, OWNERS[owner], TENANTS[tenant], log, end.min(log.len()));
            match then {
                0 => store.save(&projection).expect("saves"),
                // Killed: what was not saved is lost, and so is everything in memory.
                1 => {
                    store = Store::new(folder.path().to_owned());
                    projection = Projection::new();
                    store.load(&projection).expect("loads");
                }
                2 if projection.tenant(TENANTS[tenant]).is_some() => {
                    answers(&projection, TENANTS[tenant]);
                }
                _ => {}
            }
        }
        let all = Projection::new();
        for (tenant, logs) in TENANTS.iter().zip(&logs) {
            for (owner, log) in OWNERS.iter().zip(logs) {
                feed(&projection, *owner, tenant, log, log.len());
                feed(&all, *owner, tenant, log, log.len());
            }
            if all.tenant(tenant).is_some() {
                prop_assert_eq!(answers(&projection, tenant), answers(&all, tenant));
            }
        }
    }
}
