//! The gateway as its clients and services meet it. One file for each promise; `support` holds
//! the two ends of the wire. Names are sentences.
//!
//! What is promised on the wire, and where it is tested; `http2` repeats it for clients, and
//! `outgoing` for services, that speak HTTP/2.
//!
//! | promise | RFC | tests |
//! |---|---|---|
//! | a client's `Connection` removes nothing of ours | 9110 §7.6.1 | `identity::the_clients_connection_header…`, `http2::malformed_heads…` |
//! | identity and secrets are not the client's to set or a service's to see | 9110 §6.5.1 | `identity::what_the_client_says…`, `identity::reserved_names…`, `secret` |
//! | `Authorization` stands once | 9110 §11.6.2 | `identity::two_authorization_lines…`, `http2::credentials_stand_once` |
//! | one way to read where a request ends | 9112 §5–7, 9113 §8.1.1 | `framing`, `http2::a_body_that_contradicts…` |
//! | one host | 9112 §3.2, 9113 §8.3.1 | `framing::host_must…`, `framing::the_authority…`, `http2::the_authority…` |
//! | no way around the routes | 3986 §6.2.2 | `refusal::paths…`, `refusal::an_encoded_slash…`, `http2::paths…` |
//! | `Expect: 100-continue` | 9110 §10.1.1 | `exchange::a_bad_key…`, `exchange::a_good_key…`, `http2::an_expectation…` |
//! | early answers | 9112 §9.3, 9113 §8.1 | `exchange::an_early_answer…`, `framing::the_unread_body…`, `http2::an_early_answer…` |
//! | HEAD, 204, 304, trailers, 1xx | 9110 §6.5, §9.3.2, §15.2–4 | `exchange::head…`, `…answers_without_a_body…`, `…trailers…`, `…informational…`, the same in `http2` |
//! | limits of address, head, body, time | 9110 §15.5, 6585 §5 | `refusal::bodies…`, `…addresses…`, `…a_stalled_body…`, `flood`, the same in `http2` |
//! | repeating only what is harmless | 9110 §9.2.2, 9113 §8.7 | `exchange::a_get…`, `exchange::a_post…`, `outgoing::a_refused_stream…` |
//! | a client that leaves | 9113 §8.7 | `exchange::a_client_that_leaves…`, `http2::a_cancelled_stream…`, `outgoing::a_client_that_leaves…` |
//! | event streams | 9110 §7.7 | `exchange::events…`, `http2::events…` |
//! | WebSocket | 6455 §4, 9110 §7.8 | `exchange::a_websocket…`, `…a_refused_upgrade…`, `…nothing_tunnels…`, `http2::tunnels_are_refused`, `outgoing::an_upgrade…` |
//! | a truncated answer looks truncated | 9112 §8, 9113 §8.1 | `exchange::a_service_that_dies…`, the same in `http2`, `outgoing::an_answer_that_breaks…` |
//! | revocation at once | | `policy` |
//! | one way to read an answer, one place for what comes after it | 9112 §6.3, §9.3 | `answer` |
//! | one call after the other, and the end of a connection | 9112 §9.3, §9.6 | `connection` |
//! | floods cost bounded memory | 9113 §10.5 | `flood` |

#[cfg(test)]
mod support;

#[cfg(test)]
mod answer;
#[cfg(test)]
mod cache;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod cors;
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
mod secret;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod token;
#[cfg(test)]
mod upstream;
#[cfg(test)]
mod usage;
