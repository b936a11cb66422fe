//! Pages and forms, called in process as a browser calls them: who may open and send what, and
//! what is refused. `routes` and `functions` are the two tables of rights; a page or server
//! function that is in neither fails the test, so add its line there.

#![expect(unreachable_pub, reason = "modules of one program of tests")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot read an answer has failed")]

mod errors;
mod functions;
mod gate;
mod hostile;
mod inbox;
mod lists;
mod routes;
mod site;
mod usage;
mod world;
