//! What customers can be listed by. Pure.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use vorrang_filter::{Kind, Record, Schema, Value};

use super::Customer;
use crate::attributes;
use crate::names;

/// The fields of a filter over customers.
pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let schema = Schema::new()
        .searchable("display_name", Kind::Text)
        .open_map("attributes", Kind::Any);
    let words = ["tier", "tier_source", "organization", "language", "country", "owner"];
    let schema = words
        .into_iter()
        .fold(schema, |schema, name| schema.field(name, Kind::Word));
    let times = ["won_at", "left_at", "created_at", "updated_at"];
    times
        .into_iter()
        .fold(schema, |schema, name| schema.field(name, Kind::Time))
});

/// A customer as it is at a time.
pub struct At<'a>(pub &'a Customer, pub DateTime<Utc>);

impl Record for At<'_> {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        let Self(customer, now) = self;
        let present = customer.periods.last();
        Some(match field {
            "display_name" => Value::text(&customer.display_name),
            "tier" => Value::text(customer.tier_at(*now).tier),
            "tier_source" => Value::text(customer.tier_at(*now).source),
            "organization" => Value::Text(names::organization(customer.organization.as_ref()?.organization).into()),
            "language" => Value::text(&customer.language),
            "country" => Value::text(&customer.country),
            "owner" => Value::text(&customer.owner),
            "won_at" => Value::Time(present?.won_at),
            "left_at" => Value::Time(present?.left_at?),
            "created_at" => Value::Time(customer.created_at),
            "updated_at" => Value::Time(customer.updated_at),
            field => match customer.attributes.get(field.strip_prefix("attributes.")?)? {
                attributes::Value::Text(text) => Value::text(text),
                attributes::Value::Number(number) => Value::Number(*number),
                attributes::Value::Boolean(yes) => Value::Bool(*yes),
                attributes::Value::Time(at) => Value::Time(*at),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use vorrang_filter::Filter;

    use super::*;
    use crate::customer::periods::Said;
    use crate::customer::{Belongs, Profile, Tier};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
    }

    #[test]
    fn every_field_can_be_asked_for() {
        let attributes = [
            ("plan".to_owned(), attributes::Value::Text("gold".to_owned())),
            ("seats".to_owned(), attributes::Value::Number(12.0)),
            ("trial".to_owned(), attributes::Value::Boolean(false)),
        ];
        let profile = Profile {
            display_name: "Mara Beispiel".to_owned(),
            tier: Some(Tier {
                tier: "vip".to_owned(),
                source: "crm".to_owned(),
                valid_until: Some(at(10)),
            }),
            language: "de".to_owned(),
            country: "AT".to_owned(),
            organization: Some(Belongs {
                organization: Uuid::from_u128(7),
                tier: "gold".to_owned(),
            }),
            attributes: attributes.into(),
            owner: "agents/anna".to_owned(),
            periods: Said {
                won_at: Some(Some(at(-100))),
                left_at: None,
            },
            ..Profile::default()
        };
        let mara = Customer::new(Uuid::from_u128(1), profile, at(0)).expect("valid");
        let fits = |filter: &str, now: i64| {
            let filter = Filter::parse(filter, &SCHEMA).unwrap_or_else(|error| panic!("{filter}: {error}"));
            filter.matches(&At(&mara, at(now)))
        };
        for filter in [
            "tier = vip tier_source = crm",
            "organization = organizations/00000000-0000-0000-0000-000000000007",
            "language = de country = AT owner = agents/anna",
            "won_at < 2023-11-14T22:13:20Z NOT left_at:*",
            "created_at = 2023-11-14T22:13:20Z",
            "attributes.plan = gold attributes.seats >= 10 attributes.trial = false attributes.none != 1",
            "beispiel",
        ] {
            assert!(fits(filter, 0), "{filter}");
        }
        assert!(
            fits("tier = gold tier_source = organization", 10),
            "its own tier is over"
        );
        for wrong in ["name = x", "identities:x", "won_at = soon", "attributes.plan > gold"] {
            assert!(Filter::parse(wrong, &SCHEMA).is_err(), "{wrong}");
        }
    }
}
