//! Cursors can be read by us only, for their tenant only.

use proptest::prelude::*;
use uuid::Uuid;
use vorrang_feed::{Cursors, Owner, Position};

use crate::support::KEY;

fn position() -> impl Strategy<Value = Position> {
    (any::<u128>(), 0..=i64::MAX).prop_map(|(epoch, seq)| Position {
        epoch: Uuid::from_u128(epoch),
        seq,
    })
}

proptest! {
    #[test]
    fn a_cursor_gives_back_its_position(tenant in "[a-z0-9-]{1,63}", position in position()) {
        let cursors = Cursors::new(Owner::Ticketing, KEY);
        let text = cursors.write(&tenant, position);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{}", text);
        prop_assert_eq!(cursors.read(&tenant, &text).expect("ours"), position);
    }

    #[test]
    fn another_tenant_or_key_cannot_use_it(a in "[a-z0-9-]{1,63}", b in "[a-z0-9-]{0,63}", position in position()) {
        prop_assume!(a != b);
        let text = Cursors::new(Owner::Ticketing, KEY).write(&a, position);
        prop_assert_eq!(Cursors::new(Owner::Ticketing, KEY).read(&b, &text).expect_err("another tenant's").reason(), "CURSOR_INVALID");
        prop_assert!(Cursors::new(Owner::Ticketing, b"another key").read(&a, &text).is_err());
        prop_assert!(Cursors::new(Owner::Routing, KEY).read(&a, &text).is_err());
    }

    #[test]
    fn any_edit_is_noticed(tenant in "[a-z]{1,9}", position in position(), at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let cursors = Cursors::new(Owner::Ticketing, KEY);
        let text = cursors.write(&tenant, position);
        let at = at.index(text.len());
        let mut edited = text.clone();
        edited.replace_range(at..=at, &to);
        prop_assume!(edited != text);
        prop_assert!(cursors.read(&tenant, &edited).is_err());
        prop_assert!(cursors.read(&tenant, &text[..at]).is_err(), "shortened");
        prop_assert!(cursors.read(&tenant, &format!("{text}{to}")).is_err(), "lengthened");
    }

    #[test]
    fn rubbish_is_refused(tenant in ".{0,70}", text in ".{0,2000}") {
        prop_assert!(Cursors::new(Owner::Ticketing, KEY).read(&tenant, &text).is_err());
    }
}
