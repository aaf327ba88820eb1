//! A value of a tenant's own field.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::FieldType;

/// A number that is never NaN or infinite, so that every one equals itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(f64);

impl Eq for Number {}

impl Number {
    /// The number, if it is finite.
    pub fn new(number: f64) -> Option<Self> {
        // Minus zero is zero: one number, one spelling.
        number.is_finite().then_some(Self(number + 0.0))
    }

    /// As the machine knows it.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A value, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CustomValue {
    /// Free text. PERSONAL: stored apart from the others.
    Text(String),
    /// A code.
    Code(String),
    /// A number.
    Number(Number),
    /// True or false.
    Flag(bool),
    /// A day.
    Date(NaiveDate),
    /// An instant.
    Time(DateTime<Utc>),
    /// A choice.
    Choice(String),
    /// Several choices, in the field's order, each once.
    Choices(Vec<String>),
}

impl CustomValue {
    /// The type of fields that have such values.
    pub fn field_type(&self) -> FieldType {
        match self {
            Self::Text(_) => FieldType::Text,
            Self::Code(_) => FieldType::Code,
            Self::Number(_) => FieldType::Number,
            Self::Flag(_) => FieldType::Bool,
            Self::Date(_) => FieldType::Date,
            Self::Time(_) => FieldType::Time,
            Self::Choice(_) => FieldType::Choice,
            Self::Choices(_) => FieldType::Choices,
        }
    }

    /// Whether it may say something about a person.
    pub fn is_personal(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// How much room it takes, about.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Choice(text) => text.len(),
            Self::Choices(words) => words.iter().map(|word| word.len() + 2).sum(),
            Self::Number(_) | Self::Flag(_) | Self::Date(_) | Self::Time(_) => 16,
        }
    }

    /// The choices that it names.
    pub fn choices(&self) -> &[String] {
        match self {
            Self::Choice(word) => std::slice::from_ref(word),
            Self::Choices(words) => words,
            _ => &[],
        }
    }
}
