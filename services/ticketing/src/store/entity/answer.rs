//! `answers`: What customers answered: one for a ticket, kind and solve, one for a sending, and any number about nothing in particular.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub lowest: i32,
    pub highest: i32,
    pub high_is_good: bool,
    pub survey: Option<String>,
    pub customer_id: Uuid,
    pub ticket_id: Option<Uuid>,
    pub solve: i32,
    pub agent: Option<String>,
    pub score: i32,
    /// `CommentTexts`: a customer's own words, sealed with the key of the ticket or customer.
    pub sealed: Option<Vec<u8>>,
    pub has_comment: bool,
    pub sending_id: Option<Uuid>,
    pub late: bool,
    pub answered_at: i64,
    pub recorded_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
