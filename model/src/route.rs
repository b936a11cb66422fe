//! Route patterns.
