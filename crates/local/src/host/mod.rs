//! Prepares a machine for an estate.
