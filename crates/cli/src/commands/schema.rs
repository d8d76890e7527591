//! `plimsoll schema`

use crate::failure::Exit;

pub fn run() -> Exit {
    anstream::print!("{}", estate::schema());
    Exit::Done
}
