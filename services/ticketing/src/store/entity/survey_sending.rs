//! `survey_sendings`: Questions to customers: planned, sent, answered. At most one for a ticket, kind and solve.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_sendings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub survey: String,
    pub kind: String,
    pub customer_id: Uuid,
    pub ticket_id: Option<Uuid>,
    pub solve: i32,
    pub agent: Option<String>,
    pub language: String,
    pub state: String,
    pub cancelled: Option<String>,
    pub due_at: i64,
    pub sent_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub closes_at: Option<i64>,
    pub answered_at: Option<i64>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
