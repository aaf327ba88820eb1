//! Encoded messages, looked at and put together without decoding them. Pure.
//!
//! Protobuf says that the bytes of two messages, one behind the other, are both merged. Several decoders do not do that for the
//! messages inside (protobuf.js takes the last one), so what goes out is merged here: field by field, without decoding any text.

/// The message that `first` followed by `second` is, with each message inside once. A field that both have is taken for a message:
/// texts and repeated fields must be in one of them only, but for the entries of own fields. None when either is no message.
pub fn merged(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(first.len() + second.len());
    merge(first, second, DEPTH_MAX, &mut out)?;
    Some(out)
}

/// Deeper than any of our messages that are in two parts.
const DEPTH_MAX: usize = 16;

/// Number of `Ticket.custom_fields`, the one map that has a public and a personal part.
const CUSTOM_FIELDS: u64 = 28;

/// Wire type of texts, bytes and messages.
const LENGTH_DELIMITED: u64 = 2;

/// A field of an encoded message.
pub(super) struct Field<'a> {
    tag: u64,
    /// With its tag and length.
    whole: &'a [u8],
    /// What it holds: of a message, text or bytes without the length.
    pub content: &'a [u8],
}

impl Field<'_> {
    /// Its number in the contract.
    pub fn number(&self) -> u64 {
        self.tag >> 3
    }
}

fn merge(first: &[u8], second: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let mut added = fields(second)?;
    let mut rest = first;
    while !rest.is_empty() {
        let field = next(&mut rest)?;
        // Entries of a map are told apart by their keys: those of both sides stay.
        let is_entry = depth < DEPTH_MAX && field.tag >> 3 == CUSTOM_FIELDS;
        let twin = added
            .iter()
            .position(|other| !is_entry && other.tag == field.tag && field.tag & 7 == LENGTH_DELIMITED);
        match twin {
            Some(at) if depth > 0 => {
                let other = added.remove(at);
                let mut inner = Vec::with_capacity(field.content.len() + other.content.len());
                merge(field.content, other.content, depth - 1, &mut inner)?;
                write_varint(field.tag, out);
                write_varint(inner.len() as u64, out);
                out.extend_from_slice(&inner);
            }
            Some(_) => return None,
            None => out.extend_from_slice(field.whole),
        }
    }
    for field in added {
        out.extend_from_slice(field.whole);
    }
    Some(())
}

/// All fields of an encoded message, in their order; none when it is not one.
pub(super) fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        fields.push(next(&mut bytes)?);
    }
    Some(fields)
}

/// Takes the next field off.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<Field<'a>> {
    let start = *bytes;
    let tag = read_varint(bytes)?;
    let length = match tag & 7 {
        0 => {
            let mut probe = *bytes;
            read_varint(&mut probe)?;
            bytes.len() - probe.len()
        }
        1 => 8,
        LENGTH_DELIMITED => usize::try_from(read_varint(bytes)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Field {
        tag,
        whole: &start[..start.len() - rest.len()],
        content,
    })
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    prost::encoding::decode_varint(bytes).ok()
}

fn write_varint(value: u64, out: &mut Vec<u8>) {
    prost::encoding::encode_varint(value, out);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use prost::Message as _;
    use vorrang_api::ticketing::v1 as pb;
    use vorrang_api::ticketing::v1::custom_field_value::Value;
    use vorrang_api::ticketing::v1::event::Payload;

    use super::super::personal;
    use super::*;

    /// Values of own fields: texts, which are personal, and others, which are not.
    fn own_fields() -> impl Strategy<Value = BTreeMap<String, pb::CustomFieldValue>> {
        let value = prop_oneof![
            ".{0,8}".prop_map(Value::Text),
            "[A-Z]{0,8}".prop_map(Value::Code),
            any::<bool>().prop_map(Value::Flag)
        ];
        let value = value.prop_map(|value| pb::CustomFieldValue { value: Some(value) });
        proptest::collection::btree_map("[a-z]{1,5}", value, 0..5)
    }

    fn event(subject: &str, text: &str, number: i64, tags: Vec<String>, with_message: bool) -> pb::Event {
        let ticket = Some(pb::Ticket {
            name: "tickets/1".into(),
            number,
            subject: subject.into(),
            tags,
            etag: "\"7\"".into(),
            ..pb::Ticket::default()
        });
        let payload = if with_message {
            Payload::MessageCreated(pb::MessageCreated {
                ticket,
                message: Some(pb::Message {
                    name: "tickets/1/messages/2".into(),
                    text: text.into(),
                    ..pb::Message::default()
                }),
            })
        } else {
            Payload::TicketUpdated(pb::TicketUpdated {
                ticket,
                changed_fields: vec!["subject".into(), "tags".into()],
            })
        };
        pb::Event {
            head: None,
            cause: None,
            payload: Some(payload),
        }
    }

    proptest! {
        /// What comes out is what went in, and as long as an encoder would make it: nothing is in it twice.
        #[test]
        fn an_event_taken_apart_and_merged_is_itself(
            subject in ".{0,20}", text in ".{0,200}", number in any::<i64>(),
            tags in proptest::collection::vec("[a-z]{0,5}", 0..4), with_message in any::<bool>(), own in own_fields(),
        ) {
            let mut event = event(&subject, &text, number, tags, with_message);
            if let Some(Payload::TicketUpdated(pb::TicketUpdated { ticket: Some(ticket), .. })) = &mut event.payload {
                ticket.custom_fields = own;
            }
            let parts = personal::parts(event.clone());
            let whole = merged(&parts.public, &parts.personal).expect("both are messages");
            prop_assert_eq!(whole.len(), event.encoded_len());
            prop_assert_eq!(pb::Event::decode(whole.as_slice()).expect("decodes"), event);
        }

        #[test]
        fn nothing_makes_it_panic(first in proptest::collection::vec(any::<u8>(), 0..60), second in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = merged(&first, &second);
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let whole = event("a", "b", 1, Vec::new(), true).encode_to_vec();
        assert_eq!(merged(&whole[..whole.len() - 1], &[]), None);
        assert_eq!(merged(&[], &whole[..whole.len() - 1]), None);
        assert_eq!(merged(&whole, &[]).as_deref(), Some(whole.as_slice()));
        assert_eq!(merged(&[], &whole).as_deref(), Some(whole.as_slice()));
    }
}
