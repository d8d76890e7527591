//! From an estate to the complete plan for Azure and Kubernetes.
//!
//! Every choice is made here, once, with its reason in the [`Report`](crate::Report).

pub mod blueprint;

pub use blueprint::Blueprint;
