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

/// The worked case of two merged tickets, whose source is closed at the merge: 08:00 and 09:00 (source), reply 10:00, 11:00 (source), reply
/// 11:30.
#[test]
fn a_merged_conversation_is_read_as_one_whichever_ticket_a_message_names() {
    let hour = |hours: f64| (hours * 3_600.0) as i64;
    let of = |ticket: u128, said: Said| Said {
        ticket: Uuid::from_u128(ticket),
        ..said
    };
    let all = vec![
        of(1, said(hour(10.0), Voice::Reply)),
        of(1, said(hour(11.5), Voice::Reply)),
        of(2, said(hour(9.0), Voice::Customer)),
        of(1, said(hour(8.0), Voice::Customer)),
        of(2, said(hour(11.0), Voice::Customer)),
    ];
    let mut backwards = all.clone();
    backwards.reverse();
    let conversation = Conversation::new(all);
    assert_eq!(
        conversation,
        Conversation::new(backwards),
        "the order of reading is no matter"
    );
    assert_eq!(conversation.contacted_at(), Some(at(hour(8.0))));
    assert_eq!(conversation.first_replied_at(), Some(at(hour(10.0))));
}

#[test]
fn the_first_response_is_a_reply_to_a_question_whatever_lies_between() {
    let first = |said: Vec<Said>| Conversation::new(said).first_replied_at();
    let question = said(1, Voice::Customer);
    assert_eq!(first(vec![said(0, Voice::Reply), question.clone()]), None);
    assert_eq!(
        first(vec![said(0, Voice::Aside), question.clone(), said(2, Voice::Aside)]),
        None
    );
    let between = [
        said(2, Voice::Aside),
        said(3, Voice::Customer),
        said(4, Voice::Reply),
        said(5, Voice::Reply),
    ];
    assert_eq!(first([vec![question], between.to_vec()].concat()), Some(at(4)));
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
    assert_eq!(voice(ActorKind::Agent, Visibility::Public), Voice::Reply);
    assert_eq!(voice(ActorKind::Agent, Visibility::Internal), Voice::Aside);
    assert_eq!(voice(ActorKind::Automation, Visibility::Public), Voice::Aside);
}
