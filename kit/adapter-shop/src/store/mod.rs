//! Every statement of a shop. The columns of the service's own are pushed into them.

mod invariants;
mod plans;
mod purchases;
mod services;

use kit_db::{RowValues, Statement};

use crate::ColumnValue;

pub use invariants::{ENDED_BY_USE, INVARIANTS, SOLD_BY_PLAN, provisioned};
pub(crate) use plans::{
    find_plan, find_plan_for_update, insert_plan, list_all_plans, list_owed_plans, list_plans, save_plan,
};
pub(crate) use purchases::{delete_purchase, find_purchase, find_purchase_of_key, insert_purchase};
pub(crate) use services::{
    find_service, find_service_for_update, find_service_of_user, find_service_of_user_for_update,
    insert_service, list_bound_services, save_service,
};

/// The migration of a shop's tables, after that of its adapter's: the second in its list.
pub const TABLES: (&str, &str) = (
    "0002_shop.sql",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/0002_shop.sql")),
);

/// Adds names of columns to others.
fn and_names(statement: Statement, names: &[&'static str]) -> Statement {
    names
        .iter()
        .fold(statement, |statement, name| statement.push(", ").push(name))
}

/// Adds their values to those of a row.
fn and_values(row: RowValues, values: Vec<ColumnValue>) -> RowValues {
    values.into_iter().fold(row, |row, value| match value {
        ColumnValue::Integer(number) => row.bind(number),
        ColumnValue::Text(text) => row.bind(text),
    })
}

/// Adds assignments to others.
fn and_set(statement: Statement, names: &[&'static str], values: Vec<ColumnValue>) -> Statement {
    names
        .iter()
        .zip(values)
        .fold(statement, |statement, (name, value)| {
            let assigned = statement.push(", ").push(name).push(" = ");
            match value {
                ColumnValue::Integer(number) => assigned.push_bind(number),
                ColumnValue::Text(text) => assigned.push_bind(text),
            }
        })
}
