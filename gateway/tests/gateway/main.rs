//! The gateway as its clients and services meet it. One file for each promise; `support` holds
//! the two ends of the wire. Names are sentences.

#[cfg(test)]
mod support;

#[cfg(test)]
mod exchange;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod limit;
#[cfg(test)]
mod listener;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod token;
#[cfg(test)]
mod upstream;
#[cfg(test)]
mod usage;
