//! The child that keeps a server: a small shell script that waits on a pipe. When this process ends,
//! however it ends, the pipe closes, and the guard stops the server and removes its directory.

use std::{
    ffi::OsStr,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdout, Command, Stdio},
};

#[derive(Debug)]
pub(crate) struct Guard {
    process: Child,
    said: BufReader<ChildStdout>,
}

impl Guard {
    /// Runs `script` until it says that the server is ready, or else what is wrong.
    pub(crate) fn start(script: &str, arguments: &[&OsStr]) -> io::Result<Result<Self, String>> {
        let mut process = Command::new("sh")
            .args(["-c", script, "mintreu-guard"])
            .args(arguments)
            // Ctrl-C reaches the process group: the guard must outlive it to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().ok_or_else(|| io::Error::other("it has no standard output"))?;
        let mut guard = Self { process, said: BufReader::new(stdout) };
        let mut said = guard.hear()?;
        if said == "ready" {
            return Ok(Ok(guard));
        }
        guard.said.read_to_string(&mut said)?;
        Ok(Err(said))
    }

    /// The next line without its end; empty when the guard has gone.
    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// What it says when `order` is carried out.
    pub(crate) fn order(&mut self, order: &str) -> io::Result<String> {
        if let Some(stdin) = &mut self.process.stdin {
            writeln!(stdin, "{order}")?;
        }
        self.hear()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Nothing to be done in a destructor when the guard is already gone.
        let _ = self.process.wait();
    }
}

pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
