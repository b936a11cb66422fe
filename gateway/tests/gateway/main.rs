//! The gateway as its clients and services meet it. One file for each promise; `support` holds
//! the two ends of the wire. Names are sentences.

mod support;

mod exchange;
mod framing;
mod identity;
mod limit;
mod listener;
mod memory;
mod policy;
mod refusal;
mod token;
mod usage;
