use proptest::prelude::*;

use super::*;

/// What is told of `transcript` to one whose own messages are those that begin with `own`.
fn told(place: &mut Place, transcript: &[(String, i64)]) -> Vec<String> {
    let start = place.next_in(transcript.iter().map(|(name, at)| (name.as_str(), *at)));
    let rest: Vec<_> = transcript[start..].to_vec();
    rest.into_iter()
        .filter(|(name, at)| place.pass(name, *at))
        .map(|(name, _)| name)
        .collect()
}

fn transcript(names: &[&str]) -> Vec<(String, i64)> {
    names
        .iter()
        .zip(1..)
        .map(|(name, at)| ((*name).to_owned(), at))
        .collect()
}

#[test]
fn others_are_told_once_and_own_messages_never() {
    let mut place = Place::default();
    assert!(place.said("tickets/1", "own1"));
    let all = transcript(&["own1", "a", "own2", "b"]);
    assert!(!place.said("tickets/1", "own2"), "answered before `a` is told");
    assert_eq!(told(&mut place, &all), ["a", "b"]);
    assert_eq!(told(&mut place, &all), Vec::<String>::new());
    assert!(place.own.is_empty());
}

#[test]
fn a_customer_of_a_merged_ticket_sees_nothing_from_before() {
    let mut place = Place::default();
    place.said("tickets/1", "own1");
    place.move_to("tickets/2", 2);
    let target = transcript(&["secret1", "secret2", "c"]);
    assert_eq!(told(&mut place, &target), ["c"]);
    assert!(!place.said("tickets/2", "own2"), "it is the same conversation");
    let target = transcript(&["secret1", "secret2", "c", "own2", "d"]);
    assert_eq!(told(&mut place, &target), ["d"]);
}

#[test]
fn where_the_last_message_is_gone_nothing_is_told_from_the_beginning() {
    let mut place = Place::default();
    place.said("tickets/1", "split away");
    assert_eq!(told(&mut place, &transcript(&["secret", "a"])), Vec::<String>::new());
}

#[test]
fn what_waits_is_in_the_token_too() {
    let tokens = Tokens::new(b"key");
    let mut place = Place::default();
    place.receipts.push_back("receipts/1".to_owned());
    assert_eq!(
        tokens
            .read("acme", "c", &tokens.write("acme", "c", &place))
            .expect("reads"),
        place
    );
}

#[test]
fn a_follow_up_begins_with_what_the_customer_said() {
    let mut place = Place::default();
    place.said("tickets/1", "own1");
    assert!(place.said("tickets/2", "own2"));
    assert_eq!((place.told_of.as_str(), place.last.as_str()), ("tickets/2", "own2"));
}

#[test]
fn a_token_is_good_for_its_conversation_only() {
    let tokens = Tokens::new(b"an internal key of an installation");
    let mut place = Place::default();
    assert_eq!(tokens.write("acme", "c1", &place), "");
    assert_eq!(tokens.read("acme", "c1", "").expect("the beginning"), place);
    place.said("tickets/1", "own1");
    let token = tokens.write("acme", "c1", &place);
    assert_eq!(tokens.read("acme", "c1", &token).expect("reads"), place);
    for (tenant, conversation) in [("globex", "c1"), ("acme", "c2"), ("acmec", "1")] {
        let error = tokens.read(tenant, conversation, &token).expect_err("not theirs");
        assert_eq!(error.reason(), "RESUME_TOKEN_INVALID");
    }
    assert!(Tokens::new(b"another").read("acme", "c1", &token).is_err());
}

proptest! {
    /// However often the line is cut, and whatever was answered before: each of the others' messages is told exactly once, in order.
    #[test]
    fn nothing_is_lost_or_doubled(kinds in prop::collection::vec(any::<bool>(), 1..40), cuts in prop::collection::vec(0_usize..40, 0..10), ahead in 0_usize..40) {
        let names: Vec<String> = kinds.iter().enumerate().map(|(index, own)| format!("{}{index}", if *own { "own" } else { "other" })).collect();
        let all: Vec<(String, i64)> = std::iter::once("own".to_owned()).chain(names).zip(1..).collect();
        let tokens = Tokens::new(b"key");
        let mut place = Place::default();
        place.said("tickets/1", "own");
        let mut heard = Vec::new();
        let mut seen: Vec<usize> = cuts.into_iter().map(|cut| cut.min(all.len())).chain([all.len()]).collect();
        seen.sort_unstable();
        for upto in seen {
            // What the customer says is answered at once, also where others wrote before it and were not heard yet.
            for (name, _) in all[..upto.saturating_add(ahead).min(all.len())].iter().filter(|(name, _)| name.starts_with("own")) {
                let passed = all.iter().position(|(one, _)| *one == place.last).unwrap_or(0);
                let here = all.iter().position(|(one, _)| one == name).unwrap_or(0);
                if here > passed {
                    place.said("tickets/1", name);
                }
            }
            heard.extend(told(&mut place, &all[..upto]));
            place = tokens.read("acme", "c", &tokens.write("acme", "c", &place)).expect("its own");
        }
        let others: Vec<String> = all.into_iter().map(|(name, _)| name).filter(|name| name.starts_with("other")).collect();
        prop_assert_eq!(heard, others);
    }

    #[test]
    fn any_token_is_read_without_panic(token in ".*") {
        let _ = Tokens::new(b"key").read("acme", "c", &token);
    }
}
