//! `banc-ror judge DIR`: judge a recorded run again; the same folder gives the same bytes.

use super::arguments::JudgeArguments;
use super::failure::Failure;
use super::run::conclude;
use crate::text::Lang;

pub(super) fn run(arguments: &JudgeArguments, lang: Option<Lang>) -> Result<u8, Failure> {
    conclude(&arguments.folder, lang)
}
