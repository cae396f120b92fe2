//! `banc-ror`: a conformance test bench for software that connects to the ROR.
pub mod text;
