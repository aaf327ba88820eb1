//! Keys, sealed values and hashes.

use chrono::DateTime;
use vorrang_database::Database;
use vorrang_testkit::{TestDatabase, both_engines};

use super::super::migrations::Migrator;
use super::*;

const MARA: Uuid = Uuid::from_u128(1);
const TICKET: Uuid = Uuid::from_u128(2);

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("valid")
}

async fn migrated(db: &TestDatabase) -> Database {
    let db = Database::connect(db.url()).await.expect("connects");
    db.migrate::<Migrator>().await.expect("migrates");
    db
}

async fn with_keys(personal: &Personal, db: &Database, tenant: &str) {
    let tx = db.begin().await.expect("begins");
    let owners = [MARA, TICKET].map(|id| Owner { id, customer: MARA });
    personal.create(&tx, tenant, owners, at()).await.expect("made");
    tx.commit().await.expect("commits");
}

async fn destroy(db: &Database, tenant: &str, id: Uuid) {
    let tx = db.begin().await.expect("begins");
    personal_key::Entity::delete_by_id((tenant.to_owned(), id))
        .exec(tx.conn())
        .await
        .expect("deleted");
    tx.commit().await.expect("commits");
}

fn place(id: &Uuid) -> Place<'_> {
    Place("messages", id.as_bytes())
}

both_engines! {
    async fn what_is_sealed_opens_in_its_place_only(db: TestDatabase) {
        let db = migrated(&db).await;
        let personal = Personal::new(b"a data key");
        with_keys(&personal, &db, "acme").await;
        let ring = personal.keyring(db.reader(), "acme", &[MARA, TICKET]).await.expect("read");
        let sealed = ring.seal(TICKET, place(&TICKET), "Grüße".as_bytes()).expect("sealed");
        assert!(!sealed.windows(5).any(|bytes| bytes == &b"Gr\xc3\xbc\xc3"[..]));
        assert_ne!(sealed, ring.seal(TICKET, place(&TICKET), "Grüße".as_bytes()).expect("sealed"), "never the same twice");

        // Another process, which has nothing in memory.
        let personal = Personal::new(b"a data key");
        let ring = personal.keyring_for(db.reader(), "acme", [sealed.as_slice()]).await.expect("read");
        assert_eq!(ring.open(place(&TICKET), &sealed).expect("opens").as_deref(), Some("Grüße".as_bytes()));
        assert!(ring.open(place(&MARA), &sealed).is_err(), "another row");
        assert!(ring.open(Place("customers", TICKET.as_bytes()), &sealed).is_err(), "another table");
        for index in [0, 20, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(ring.open(place(&TICKET), &changed).is_err(), "changed at {index}");
        }
        assert!(ring.open(place(&TICKET), &sealed[..20]).is_err());
        let other = Personal::new(b"another key").keyring(db.reader(), "acme", &[TICKET]).await;
        assert!(other.is_err(), "the wrong data key is said, not taken for an erasure");
    }

    async fn a_destroyed_key_erases(db: TestDatabase) {
        let db = migrated(&db).await;
        let personal = Personal::new(b"a data key");
        with_keys(&personal, &db, "acme").await;
        let ring = personal.keyring(db.reader(), "acme", &[TICKET]).await.expect("read");
        let sealed = ring.seal(TICKET, place(&TICKET), b"Hello").expect("sealed");
        let answer = ring.seal_answer("r-1", b"an answer");
        assert_eq!(ring.open_answer("r-1", &answer).expect("opens").as_deref(), Some(&b"an answer"[..]));
        assert!(ring.open_answer("r-2", &answer).is_err(), "another call's");
        destroy(&db, "acme", TICKET).await;
        personal.forget("acme", [TICKET]);
        let ring = personal.keyring_for(db.reader(), "acme", [sealed.as_slice()]).await.expect("read");
        assert_eq!(ring.open(place(&TICKET), &sealed).expect("no error"), None);
        assert_eq!(ring.open_answer("r-1", &answer).expect("no error"), None);
        let refused = ring.seal(TICKET, place(&TICKET), b"more").expect_err("nothing can be added");
        assert_eq!(refused.reason(), "ERASED");
        // What is not sealed is no personal data: it stays.
        let plain = Keyring::nobody("acme").seal_answer("r-3", b"policy");
        assert_eq!(ring.open_answer("r-3", &plain).expect("opens").as_deref(), Some(&b"policy"[..]));
    }

    async fn tenants_share_neither_keys_nor_hashes(db: TestDatabase) {
        let db = migrated(&db).await;
        let personal = Personal::new(b"a data key");
        with_keys(&personal, &db, "acme").await;
        let ring = personal.keyring(db.reader(), "acme", &[MARA]).await.expect("read");
        let sealed = ring.seal(MARA, place(&MARA), b"Mara").expect("sealed");
        let ring = personal.keyring_for(db.reader(), "globex", [sealed.as_slice()]).await.expect("read");
        assert_eq!(ring.open(place(&MARA), &sealed).expect("no key of theirs"), None);
        let hash = |tenant: &str, kind: &str| personal.lookup(tenant).hash(kind, "mara@example.org");
        assert_eq!(hash("acme", "EMAIL"), Personal::new(b"a data key").lookup("acme").hash("EMAIL", "mara@example.org"));
        assert_ne!(hash("acme", "EMAIL"), hash("globex", "EMAIL"));
        assert_ne!(hash("acme", "EMAIL"), hash("acme", "SOCIAL"));
        assert_ne!(hash("acme", "EMAIL"), Personal::new(b"another").lookup("acme").hash("EMAIL", "mara@example.org"));
    }
}

/// A key that another process destroyed is used for a few seconds at most; more keys than fit push out the oldest.
#[test]
fn the_cache_forgets() {
    let cache = Cache::default();
    let root = Root::new(b"a data key");
    let key = Arc::new(root.tenant("acme").fresh(MARA).0);
    let start = Instant::now();
    let later = start + cache::FRESH;
    let put = |id: Uuid, at: Instant| cache.put("acme", id, Arc::clone(&key), at);
    let missing = |tenant: &str, id: Uuid, at: Instant| {
        let mut missing = Vec::new();
        cache.get(tenant, &[id], at, &mut HashMap::new(), &mut missing);
        !missing.is_empty()
    };
    put(MARA, start);
    assert!(!missing("acme", MARA, start));
    assert!(missing("globex", MARA, start));
    assert!(missing("acme", MARA, later));
    put(MARA, later);
    cache.forget("globex", [MARA]);
    assert!(!missing("acme", MARA, later));
    cache.forget("acme", [MARA]);
    assert!(missing("acme", MARA, later));
    for id in 10..50_000 {
        put(Uuid::from_u128(id), start);
    }
    assert!(missing("acme", Uuid::from_u128(10), start));
    assert!(!missing("acme", Uuid::from_u128(49_999), start));
}
