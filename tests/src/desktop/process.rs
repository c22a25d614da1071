//! Programs that end when their guard is dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// A program that is ended with its guard.
pub struct Guarded(Child);

impl Guarded {
    /// Starts a program that says nothing.
    pub fn start(command: &mut Command) -> Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self::spawn(command)
    }

    /// Starts a program that says nothing and reads `input` to its end.
    pub fn start_with_input(command: &mut Command, input: &[u8]) -> Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut started = Self::spawn(command)?;
        let mut stdin = started.0.stdin.take().context("its input is piped")?;
        stdin.write_all(input)?;
        Ok(started)
    }

    /// Starts a program that says one line when it is ready; gives the line.
    pub fn start_talking(command: &mut Command) -> Result<(Self, String)> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut started = Self::spawn(command)?;
        let output = started.0.stdout.take().context("its output is piped")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line)?;
        if line.is_empty() {
            bail!(
                "{} ended before it was ready",
                command.get_program().display()
            );
        }
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || {
            let mut rest = Vec::new();
            let _ = output.read_to_end(&mut rest);
        });
        Ok((started, line.trim().to_owned()))
    }

    fn spawn(command: &mut Command) -> Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
        Ok(Self(child))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Stops it where it is, or lets it go on.
    pub fn hold(&self, holds: bool) -> Result<()> {
        let signal = if holds { "-STOP" } else { "-CONT" };
        let sent = Command::new("kill")
            .args([signal, &self.id().to_string()])
            .status()?;
        ensure!(sent.success(), "{signal} could not be sent");
        Ok(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a process is there.
pub fn is_alive(process: u32) -> bool {
    Path::new(&format!("/proc/{process}/exe")).exists()
}

/// Ends a process that is not our own child.
pub fn end(process: u32) {
    // It may have ended by itself.
    let _ = Command::new("kill")
        .args(["-KILL", &process.to_string()])
        .stderr(Stdio::null())
        .status();
}
