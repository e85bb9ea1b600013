//! The tasks of a case: all of them live on its thread and end with it.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use tokio::task::{AbortHandle, spawn_local};

/// Tasks that end when the case does. Clones are the same set.
#[derive(Clone, Debug, Default)]
pub struct Tasks(Rc<RefCell<Vec<AbortHandle>>>);

impl Tasks {
    /// Starts a task on this thread.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let handle = spawn_local(future).abort_handle();
        let mut handles = self.0.borrow_mut();
        if handles.len() % 64 == 63 {
            handles.retain(|handle| !handle.is_finished());
        }
        handles.push(handle);
    }

    /// Ends all of them.
    pub fn end(&self) {
        self.0.borrow_mut().drain(..).for_each(|handle| handle.abort());
    }
}
