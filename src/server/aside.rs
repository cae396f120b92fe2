//! Long work beside the runtime's workers: a worker that is kept busy leaves what it has to read lying, and calls that
//! were spaced would seem to come all at once.

use tokio::runtime::{Handle, RuntimeFlavor};

/// From so many resources on, a search or the first view of a profile takes milliseconds and more.
pub(super) const MANY_RESOURCES: usize = 2_000;

/// From so many bytes on, redacting a body and keeping it takes milliseconds and more.
pub(super) const LONG_BODY: usize = 256 * 1024;

/// Does the work; when it `is_long`, another thread takes over meanwhile what this worker had to do.
pub(super) fn aside<T>(is_long: bool, work: impl FnOnce() -> T) -> T {
    // A runtime of one thread has nobody to take over.
    let has_others =
        Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if is_long && has_others { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// One worker: what it leaves lying is taken over, or not done before the long work ends.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_while_long_work_is_done() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let long = tokio::spawn(async move {
            tokio::spawn(async move { sender.send(()) });
            aside(true, || receiver.recv_timeout(Duration::from_secs(60)))
        });
        assert!(long.await.is_ok_and(|received| received.is_ok()));
    }

    #[tokio::test]
    async fn a_runtime_of_one_thread_does_it_itself() {
        assert_eq!(aside(true, || 7), 7);
    }
}
