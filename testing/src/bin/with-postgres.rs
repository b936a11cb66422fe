//! `with-postgres COMMAND…` runs a command beside a throw-away Postgres and gives back its exit
//! code. The command finds the server's URL in `MINTREU_TEST_POSTGRES`, so that a whole test suite,
//! one process per test, shares one server. With the variable set already, that server is used.

use std::process::{Command, ExitCode};

use mintreu_testing::{Postgres, SERVER_VARIABLE};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-postgres COMMAND [ARGUMENT…]");
        return ExitCode::from(2);
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let given = std::env::var_os(SERVER_VARIABLE).is_some_and(|url| !url.is_empty());
    let server = if given { None } else { Some(Postgres::start()) };
    match &server {
        Some(Ok(server)) => _ = command.env(SERVER_VARIABLE, server.url()),
        Some(Err(error)) => {
            eprintln!("with-postgres: {error}");
            return ExitCode::FAILURE;
        }
        None => {}
    }
    let status = command.status();
    drop(server);
    match status {
        // No code means a signal; the shell's convention for it needs no more than "not zero".
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("with-postgres: {}: {error}", command.get_program().to_string_lossy());
            ExitCode::from(127)
        }
    }
}
