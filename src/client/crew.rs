//! A list of jobs shared by several workers, as far as it makes sense to go on.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::error::ClientError;

/// The list as its workers share it.
struct List<T> {
    items: Vec<T>,
    next: AtomicUsize,
    /// Set when the rest of the list would meet the same end.
    ended: AtomicBool,
}

/// Does `job` for each of `items`, `workers` at a time; no further job begins after an error that `ends` the list.
/// The results come in the order of the items; nothing where the job was not begun.
pub(crate) async fn side_by_side<T, R, F>(
    items: Vec<T>,
    workers: usize,
    job: impl Fn(T) -> F + Clone + Send + 'static,
    ends: fn(&ClientError) -> bool,
) -> Vec<Option<Result<R, ClientError>>>
where
    T: Clone + Send + Sync + 'static,
    R: Send + 'static,
    F: Future<Output = Result<R, ClientError>> + Send + 'static,
{
    let mut results: Vec<_> = items.iter().map(|_| None).collect();
    let list = Arc::new(List { items, next: AtomicUsize::new(0), ended: AtomicBool::new(false) });
    let mut crew = JoinSet::new();
    for _ in 0..workers {
        let (list, job) = (Arc::clone(&list), job.clone());
        crew.spawn(async move {
            let mut share = Vec::new();
            while !list.ended.load(Ordering::Relaxed) {
                let index = list.next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = list.items.get(index) else {
                    break;
                };
                let result = job(item.clone()).await;
                if result.as_ref().is_err_and(ends) {
                    list.ended.store(true, Ordering::Relaxed);
                }
                share.push((index, result));
            }
            share
        });
    }
    while let Some(share) = crew.join_next().await {
        for (index, result) in share.unwrap_or_default() {
            results[index] = Some(result);
        }
    }
    results
}
