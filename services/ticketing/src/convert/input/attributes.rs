//! Attributes of customers and organisations.

use std::collections::BTreeMap;

use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use super::without_nul;
use crate::attributes::{self, Attributes, Value};

/// Wrong keys that are told one by one: an answer has no room for thousands.
const TOLD_MAX: usize = 20;

/// The attributes that a request gives.
pub fn read(field: &str, given: &BTreeMap<String, pb::AttributeValue>, violations: &mut Violations) -> Attributes {
    let mut read = Attributes::new();
    let mut wrong = 0;
    for (key, value) in given {
        let one = match attributes::check_key(key) {
            Ok(()) => self::value(&format!("{field}.{key}"), value, violations),
            Err(why) => {
                violations.add(field, why);
                None
            }
        };
        match one {
            Some(one) => {
                read.insert(key.clone(), one);
            }
            None => wrong += 1,
        }
        if wrong == TOLD_MAX {
            break;
        }
    }
    violations.take(field, attributes::check_size(&read));
    read
}

fn value(field: &str, given: &pb::AttributeValue, violations: &mut Violations) -> Option<Value> {
    use pb::attribute_value::Value as Given;
    match &given.value {
        None => {
            violations.add(field, "must have a value");
            None
        }
        Some(Given::Text(text)) => {
            if text.chars().count() > attributes::TEXT_MAX {
                violations.add(field, format!("at most {} characters", attributes::TEXT_MAX));
            }
            without_nul(field, text, violations);
            Some(Value::Text(text.clone()))
        }
        Some(Given::Number(number)) => {
            if !number.is_finite() {
                violations.add(field, "must be a finite number");
                return None;
            }
            Some(Value::Number(*number))
        }
        Some(Given::Boolean(yes)) => Some(Value::Boolean(*yes)),
        Some(Given::Time(at)) => {
            let read = vorrang_api::from_timestamp(at);
            if read.is_none() {
                violations.add(field, "must be a time of the years 1 to 9999");
            }
            read.map(Value::Time)
        }
    }
}
