//! `token`: obtain an access token, and no more.

use super::super::error::ClientError;
use super::super::outcome::Done;
use super::super::ror::Ror;

pub(super) async fn perform(ror: &Ror) -> Result<Done, ClientError> {
    ror.token().await?;
    Ok(Done { message: "token obtained".to_owned(), integrated: None })
}
