use proptest::prelude::*;

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn said(second: i64, voice: Voice) -> Said {
    Said {
        message: Uuid::from_u128(second as u128 + 1),
        ticket: Uuid::from_u128(1),
        at: at(second),
        voice,
    }
}

fn reply() -> Voice {
    Voice::Reply("agents/anna".to_owned())
}

/// Beginning and length of each turn: a number is a reply after so many seconds.
fn lengths(turns: &[Turn]) -> Vec<(i64, Result<i64, &'static str>)> {
    turns
        .iter()
        .map(|turn| {
            let length = match &turn.end {
                TurnEnd::Replied { at, .. } => Ok((*at - turn.began_at).num_seconds()),
                TurnEnd::Over(_) => Err("over"),
                TurnEnd::Open => Err("open"),
            };
            ((turn.began_at - at(0)).num_seconds(), length)
        })
        .collect()
}

/// The worked case of two merged tickets, whose source is closed at the merge: 08:00 and 09:00 (source), reply 10:00, 11:00 (source), reply
/// 11:30, solved 12:00.
#[test]
fn a_merged_conversation_is_read_as_one_whichever_ticket_a_message_names() {
    let hour = |hours: f64| (hours * 3_600.0) as i64;
    let of = |ticket: u128, said: Said| Said {
        ticket: Uuid::from_u128(ticket),
        ..said
    };
    let conversation = Conversation::new(vec![
        of(1, said(hour(8.0), Voice::Customer)),
        of(1, said(hour(10.0), reply())),
        of(1, said(hour(11.5), reply())),
        of(2, said(hour(9.0), Voice::Customer)),
        of(2, said(hour(11.0), Voice::Customer)),
    ]);
    assert_eq!(
        lengths(&conversation.turns(&[at(hour(12.0))])),
        [(hour(8.0), Ok(7_200)), (hour(11.0), Ok(1_800))]
    );
    assert_eq!(conversation.contacted_at(), Some(at(hour(8.0))));
    assert_eq!(conversation.first_replied_at(), Some(at(hour(10.0))));
}

#[test]
fn notes_and_machines_neither_begin_nor_end_a_turn() {
    let conversation = Conversation::new(vec![
        said(0, Voice::Aside),
        said(1, Voice::Customer),
        said(2, Voice::Aside),
        said(3, Voice::Customer),
        said(4, reply()),
        said(5, reply()),
        said(6, Voice::Aside),
    ]);
    assert_eq!(lengths(&conversation.turns(&[])), [(1, Ok(3))]);
}

/// "Thanks", solved, and a question a week later is no response time of a week.
#[test]
fn a_solve_ends_a_turn_that_is_owed_nothing() {
    let conversation = Conversation::new(vec![
        said(0, Voice::Customer),
        said(5, reply()),
        said(10, Voice::Customer),
        said(600, Voice::Customer),
        said(605, reply()),
        said(700, Voice::Customer),
    ]);
    let turns = conversation.turns(&[at(20)]);
    assert_eq!(
        lengths(&turns),
        [(0, Ok(5)), (10, Err("over")), (600, Ok(5)), (700, Err("open"))]
    );
    assert_eq!(lengths(&conversation.turns(&[at(800), at(20)]))[3], (700, Err("over")));
}

/// A reply that solves ends the turn as a reply, whichever of the two is told first.
#[test]
fn in_one_instant_the_messages_come_first() {
    let conversation = Conversation::new(vec![said(0, Voice::Customer), said(5, reply())]);
    assert_eq!(lengths(&conversation.turns(&[at(5)])), [(0, Ok(5))]);
}

#[test]
fn a_reply_before_any_question_is_no_response() {
    let conversation = Conversation::new(vec![said(0, reply()), said(1, Voice::Customer)]);
    assert_eq!(conversation.first_replied_at(), None);
    assert_eq!(lengths(&conversation.turns(&[])), [(1, Err("open"))]);
    assert_eq!(Conversation::default().contacted_at(), None);
}

#[test]
fn a_message_speaks_as_who_wrote_it_to_whom() {
    let actor = |kind| Actor {
        kind,
        id: "agents/anna".to_owned(),
    };
    let voice = |kind, visibility| Said::new(Uuid::nil(), Uuid::nil(), &actor(kind), visibility, at(0)).voice;
    assert_eq!(voice(ActorKind::Customer, Visibility::Public), Voice::Customer);
    assert_eq!(voice(ActorKind::Agent, Visibility::Public), reply());
    assert_eq!(voice(ActorKind::Agent, Visibility::Internal), Voice::Aside);
    assert_eq!(voice(ActorKind::Automation, Visibility::Public), Voice::Aside);
}

fn voice() -> impl Strategy<Value = Voice> {
    prop_oneof![Just(Voice::Customer), Just(reply()), Just(Voice::Aside)]
}

proptest! {
    /// Whatever was said in whatever order it was read: turns follow each other, only the last one can be open, every reply ends at
    /// most one, and the first response is that of the first customer's message.
    #[test]
    fn turns_follow_each_other(
        given in proptest::collection::vec((0..40i64, voice()), 0..30),
        over in proptest::collection::vec(0..40i64, 0..6),
    ) {
        let all: Vec<Said> = given
            .iter()
            .zip(1u128..)
            .map(|((second, voice), id)| Said { message: Uuid::from_u128(id), ..said(*second, voice.clone()) })
            .collect();
        let over: Vec<_> = over.into_iter().map(at).collect();
        let mut backwards = all.clone();
        backwards.reverse();
        let conversation = Conversation::new(all.clone());
        prop_assert_eq!(&conversation, &Conversation::new(backwards), "the order of reading is no matter");
        let turns = conversation.turns(&over);
        for pair in turns.windows(2) {
            prop_assert!(pair[0].end != TurnEnd::Open, "a turn begins when the one before has ended");
            let ended = match &pair[0].end {
                TurnEnd::Replied { at, .. } | TurnEnd::Over(at) => *at,
                TurnEnd::Open => unreachable!(),
            };
            prop_assert!(pair[0].began_at <= ended && ended <= pair[1].began_at);
        }
        prop_assert_eq!(turns.first().map(|turn| turn.began_at), conversation.contacted_at());
        let customers = all.iter().filter(|one| one.voice == Voice::Customer).count();
        prop_assert!(turns.len() <= customers);
        prop_assert_eq!(turns.is_empty(), customers == 0);
        let first = conversation.first_replied_at();
        prop_assert!(first.is_none() || first >= conversation.contacted_at());
        if over.is_empty() && let Some(turn) = turns.first() {
            let replied = match &turn.end {
                TurnEnd::Replied { at, .. } => Some(*at),
                _ => None,
            };
            prop_assert_eq!(replied, first);
        }
    }
}
