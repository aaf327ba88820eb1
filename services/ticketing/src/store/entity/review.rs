//! `reviews`: What was found about an agent's work on a ticket. `items` is JSON: the points, with what the rubric's version said about them.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub agent: String,
    pub reviewer: String,
    pub rubric: String,
    pub version: i32,
    pub items: String,
    /// `CommentTexts`: may quote the customer; sealed with the key of the ticket.
    pub sealed: Option<Vec<u8>>,
    pub reviewed_at: i64,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
