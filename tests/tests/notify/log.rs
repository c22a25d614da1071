//! Everything that this process logs, at the lowest level, whoever logs it.

use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;

static LOGGED: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(Mutex::default);
static LISTENING: Once = Once::new();

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {} {}\n", record.level(), record.target(), record.args());
        LOGGED.lock().unwrap().extend_from_slice(line.as_bytes());
    }

    fn flush(&self) {}
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        Log
    }
}

/// From now on.
pub fn listen() {
    LISTENING.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(Log)
            .with_ansi(false)
            .init();
        log::set_logger(&Log).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// So far.
pub fn logged() -> String {
    String::from_utf8_lossy(&LOGGED.lock().unwrap()).into_owned()
}
