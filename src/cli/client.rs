//! `banc-ror client`: the reference client, through the adapter contract.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};
use std::sync::Arc;

use super::arguments::ClientArguments;
use super::failure::Failure;
use super::preparation::known_flaw;
use crate::client::{self, FlawSet, SystemClock};

pub(super) fn run(arguments: &ClientArguments) -> Result<u8, Failure> {
    let flaws = arguments.flaw.iter().map(|name| known_flaw(name)).collect::<Result<FlawSet, _>>()?;
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let stdin = std::io::stdin();
    // Whoever starts it by hand is not made to type JSON.
    let input: Box<dyn Read> =
        if stdin.is_terminal() { Box::new(std::io::empty()) } else { Box::new(stdin.lock()) };
    Ok(client::run(flaws, &environment, input, &mut std::io::stdout(), Arc::new(SystemClock::new())))
}
