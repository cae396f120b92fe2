//! Rebuilds the crate when the catalogue changes, because `include_dir!` does not tell cargo what it read.

fn main() {
    println!("cargo:rerun-if-changed=scenarios");
}
