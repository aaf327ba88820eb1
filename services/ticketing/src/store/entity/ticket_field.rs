//! `ticket_fields`: The fields that a tenant adds to its tickets.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_fields")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub field_type: String,
    pub display_name: String,
    pub description: String,
    pub position: i32,
    pub required_on_solve: bool,
    pub archived: bool,
    pub max_length: Option<i32>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub choices: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
