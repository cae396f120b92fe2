//! `banc-ror schema`: print a JSON Schema.

use super::arguments::{SchemaArguments, SchemaOf};
use super::failure::Failure;
use super::{exit, terminal};
use crate::scenario::schema;

pub(super) fn run(arguments: &SchemaArguments) -> Result<u8, Failure> {
    terminal::print(&match arguments.of {
        SchemaOf::Scenario => schema::scenario(),
        SchemaOf::Adapter => schema::adapter(),
    });
    Ok(exit::CONFORMING)
}
