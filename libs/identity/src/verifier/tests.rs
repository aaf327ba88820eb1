use vorrang_clock::ManualClock;
use vorrang_database::Database;
use vorrang_testkit::{DEADLINE, TestDatabase, both_engines, wait_for};

use super::*;
use crate::{Migrator, Minter, NewKey, Scope, Scopes};

struct Desk {
    keys: Keys,
    verifier: Verifier,
    clock: ManualClock,
}

async fn desk(db: &TestDatabase) -> Desk {
    let clock = ManualClock::new(DateTime::from_timestamp(1_700_000_000, 0).expect("valid"));
    let database = Database::connect(db.url()).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    let keys = Keys::new(database, b"pepper", clock.shared());
    let verifier = Verifier::new(keys.clone(), b"internal", clock.shared());
    Desk { keys, verifier, clock }
}

fn new(expires_at: Option<DateTime<Utc>>) -> NewKey {
    NewKey {
        tenant: "acme".into(),
        label: String::new(),
        scopes: Scopes::of(&[Scope::TicketsRead]),
        expires_at,
    }
}

async fn is_refused(verifier: &Verifier, text: &str) -> bool {
    match verifier.verify(text).await {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), Kind::Unauthenticated);
            assert_eq!(error.message(), refused().message(), "all refusals sound the same");
            true
        }
    }
}

both_engines! {
    async fn a_key_stands_for_its_tenant_and_scopes(db: TestDatabase) {
        let desk = desk(&db).await;
        let (key, text) = desk.keys.create(new(None)).await.expect("creates");
        let caller = desk.verifier.verify(&text).await.expect("alive");
        assert_eq!(caller.tenant, Tenant::One("acme".into()));
        assert_eq!((caller.credential_id.as_str(), caller.subject.clone()), (key.id.as_str(), format!("keys/{}", key.id)));
        assert!(caller.may(Scope::TicketsRead) && !caller.may(Scope::TicketsWrite) && !caller.is_internal());
        for wrong in ["", "x", "vk_0000000000000000_000000000000000000000000000000000000000000000000", "vi1.acme.x.9.00"] {
            assert!(is_refused(&desk.verifier, wrong).await, "{wrong}");
        }
    }

    async fn a_revoked_key_is_refused_after_five_seconds(db: TestDatabase) {
        let desk = desk(&db).await;
        let (key, text) = desk.keys.create(new(None)).await.expect("creates");
        desk.verifier.verify(&text).await.expect("alive");
        desk.keys.revoke("acme", &key.id).await.expect("revokes");
        desk.clock.advance(TimeDelta::seconds(5));
        assert!(is_refused(&desk.verifier, &text).await);
    }

    async fn a_key_expires_to_the_second_even_when_cached(db: TestDatabase) {
        let desk = desk(&db).await;
        let expiry = desk.clock.shared().now() + TimeDelta::seconds(2);
        let (_, text) = desk.keys.create(new(Some(expiry))).await.expect("creates");
        desk.verifier.verify(&text).await.expect("alive");
        desk.clock.advance(TimeDelta::seconds(2));
        assert!(is_refused(&desk.verifier, &text).await);
    }

    async fn last_use_is_noted_to_the_minute(db: TestDatabase) {
        let desk = desk(&db).await;
        let first = desk.clock.shared().now();
        let (_, text) = desk.keys.create(new(None)).await.expect("creates");
        desk.verifier.verify(&text).await.expect("alive");
        let noted = || async {
            let keys = desk.keys.list(None).await.expect("lists");
            keys[0].last_used_at
        };
        assert_eq!(wait_for(DEADLINE, "the first use is noted", noted).await, first);
        desk.clock.advance(TimeDelta::seconds(61));
        desk.verifier.verify(&text).await.expect("alive");
        let second = first + TimeDelta::seconds(61);
        wait_for(DEADLINE, "a use a minute later is noted", || async {
            noted().await.filter(|at| *at == second)
        })
        .await;
    }

    async fn known_callers_pass_while_the_key_table_is_away(db: TestDatabase) {
        let desk = desk(&db).await;
        let (_, text) = desk.keys.create(new(None)).await.expect("creates");
        desk.verifier.verify(&text).await.expect("alive");
        let token = Minter::new(b"internal", desk.clock.shared()).mint(None, "routing");
        desk.keys.close().await;
        desk.verifier.verify(&text).await.expect("in the cache");
        desk.verifier.verify(&token).await.expect("needs no table");
        assert!(desk.verifier.is_internal(&token));
        for other in [text.as_str(), "vi1.*.routing.1700000300.00", "vi1.", ""] {
            assert!(!desk.verifier.is_internal(other), "{other}");
        }
        desk.clock.advance(TimeDelta::seconds(5));
        let error = desk.verifier.verify(&text).await.expect_err("cannot be known");
        assert_ne!(error.kind(), Kind::Unauthenticated, "a valid key must not be called invalid");
    }
}
