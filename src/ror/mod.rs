//! What the ROR is, without any socket.

pub mod distinguished_name;
pub mod quota;
pub mod whitelist;
