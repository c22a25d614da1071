//! Ends long work on packs early. The work is one thread's, from beginning to
//! end, so the question whether to go on belongs to the thread.
use std::cell::RefCell;
use std::rc::Rc;

use super::error::PackError;

type Stop = Rc<dyn Fn() -> bool>;

thread_local! {
    static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

/// Puts back what held before, also after a panic.
struct Before(Option<Stop>);

impl Drop for Before {
    fn drop(&mut self) {
        STOP.set(self.0.take());
    }
}

/// Does work of this thread in which everything with packs ends soon, with
/// [`PackError::Stopped`], once `stop` says so.
pub fn stoppable<T>(stop: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> T {
    let _before = Before(STOP.replace(Some(Rc::new(stop))));
    work()
}

/// Whether to go on.
pub(crate) fn check() -> Result<(), PackError> {
    let stop = STOP.with_borrow(Clone::clone);
    if stop.is_some_and(|stop| stop()) {
        return Err(PackError::Stopped);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::verifier::{empty_pack, verify};
    use super::*;
    use crate::git::object_id::ObjectFormat;

    #[test]
    fn work_ends_once_it_is_told_to_and_only_that_work() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), empty_pack(ObjectFormat::Sha1)).unwrap();
        let is_over = Rc::new(Cell::new(false));
        let read = || verify(file.path(), ObjectFormat::Sha1);
        let ask = Rc::clone(&is_over);
        stoppable(
            move || ask.get(),
            || {
                assert!(read().is_ok());
                is_over.set(true);
                assert!(matches!(read(), Err(PackError::Stopped)));
            },
        );
        assert!(read().is_ok());
    }
}
