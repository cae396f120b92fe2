//! One call until its end: its turn, its time limit, its repeats. The token endpoint and the API share this.

use std::sync::Arc;
use std::time::Duration;

use super::alert;
use super::answer::detail;
use super::clock::Clock;
use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::pace::{Manners, Pace};
use super::retry::{Advertised, Repeat, Service, after_failure, after_throttling, misread_delay};
use super::settings::Settings;
use super::transport::{Answer, Failure, Lease, Message, Origin, Pool, is_impatience};

/// The longest that one answer is waited for.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// Added at random to a wait that all workers share; never taken off.
const JITTER: Duration = Duration::from_millis(100);
/// How often the flaw `repeats-everything` sends each call.
const TIMES_EVERYTHING: u32 = 12;
/// A connection that closes while its call waits for a turn is replaced this often.
const RECONNECTIONS: usize = 3;
/// A turn is good for this long; less than the spacing of the turns.
const PUNCTUAL: Duration = Duration::from_millis(40);
/// Repeats of the flaws that insist.
pub(super) const STUBBORN: u32 = 14;
/// Kept of the deadline to write the result; a tenth of the time left when that is less.
const FOR_THE_RESULT: Duration = Duration::from_millis(300);

/// What holds for the whole action.
pub(crate) struct Session {
    /// The variables of the adapter contract.
    pub(crate) settings: Settings,
    /// The flaws that are on.
    pub(crate) flaws: FlawSet,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// When the result must be ready, by [`Clock::now`].
    pub(crate) deadline: Option<Duration>,
}

impl Session {
    /// Starts the time given to the action.
    pub(crate) fn new(settings: Settings, flaws: FlawSet, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        let deadline = settings.time_left().map(|left| now + left - FOR_THE_RESULT.min(left / 10));
        Self { settings, flaws, clock, deadline }
    }

    /// Whether `moment` comes after the deadline of the action.
    pub(crate) fn is_past_deadline(&self, moment: Duration) -> bool {
        self.deadline.is_some_and(|deadline| moment > deadline)
    }
}

/// One service as the client sees it: its connections, its pace, its pauses.
pub(crate) struct Line {
    service: Service,
    pool: Pool,
    pace: Pace,
    session: Arc<Session>,
}

impl Line {
    /// The line to `service`.
    pub(crate) fn new(service: Service, pool: Pool, session: Arc<Session>) -> Self {
        let pace = Pace::new(session.settings.is_public_profile());
        Self { service, pool, pace, session }
    }

    /// A connection on which the call may be sent now: it is opened first and the turn taken last, so that nothing
    /// stands between the turn and the first byte. The inner error is for [`Insistence::settle`].
    ///
    /// # Errors
    /// The turn would come after the deadline.
    pub(crate) async fn ready(
        &self,
        origin: &Origin,
        insistence: &Insistence<'_>,
    ) -> Result<Result<Lease, Failure>, ClientError> {
        for _ in 0..RECONNECTIONS {
            let lease = match self.limited(self.pool.lease(origin)).await {
                Ok(lease) => lease,
                Err(failure) => return Ok(Err(failure)),
            };
            self.pace
                .turn(self.session.clock.as_ref(), self.session.deadline, insistence.manners)
                .await
                .map_err(|_| ClientError::Deadline { call: insistence.call.to_owned() })?;
            if let Some(said) = lease.last_word() {
                return Ok(Err(Failure::Lasting(said)));
            }
            if lease.is_open() {
                return Ok(Ok(lease));
            }
        }
        Ok(Err(Failure::Passing("the server closes its connections unasked".to_owned())))
    }

    /// Sends `message` on a connection that is ready.
    pub(crate) async fn send(&self, lease: Lease, message: &Message) -> Result<Answer, Failure> {
        self.limited(self.pool.send(lease, message)).await
    }

    /// Whether too much time has passed since `turn` to call without upsetting the pace.
    pub(crate) fn is_late(&self, turn: Duration) -> bool {
        self.session.clock.now() > turn + PUNCTUAL
    }

    /// Whether somebody was told to wait, so that nobody may call now.
    pub(crate) fn is_paused(&self) -> bool {
        self.pace.is_paused(self.session.clock.now())
    }

    /// Holds back the calls that follow one that is not repeated, as its repeat would have been.
    pub(crate) fn heed(&self, answer: &Answer) {
        let clock = &self.session.clock;
        let advertised = Advertised::read(&answer.headers, clock.wall());
        let repeat = match answer.status {
            429 | 503 => after_throttling(self.service, answer.status, advertised, 1, &self.session.flaws),
            _ => None,
        };
        if let Some(repeat) = repeat.filter(|repeat| repeat.for_all) {
            self.pace.pause_until(clock.now() + repeat.wait);
        }
    }

    /// Closes the connections in good order.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    async fn limited<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        if self.session.flaws.has(Flaw::NoTimeOut) {
            return work.await;
        }
        let now = self.session.clock.now();
        let left = self.session.deadline.map_or(Duration::MAX, |deadline| deadline.saturating_sub(now));
        let limit = left.min(LONGEST_ANSWER);
        match tokio::time::timeout(limit, work).await {
            Ok(result) => result,
            Err(_) if left <= LONGEST_ANSWER => {
                Err(Failure::Passing("no answer before the deadline".to_owned()))
            }
            Err(_) => Err(Failure::Passing(format!("no answer within {} s", limit.as_secs()))),
        }
    }
}

/// How long the client insists on one call, and what it has met so far.
pub(crate) struct Insistence<'a> {
    line: &'a Line,
    call: &'a str,
    throttled: u32,
    failed: u32,
    manners: Manners,
    interruptible: bool,
    repeated: u32,
}

impl<'a> Insistence<'a> {
    /// The first attempt of `call`, which is its name in messages.
    pub(crate) fn new(line: &'a Line, call: &'a str) -> Self {
        let manners = usual_manners(&line.session);
        Self { line, call, throttled: 0, failed: 0, manners, interruptible: false, repeated: 0 }
    }

    /// A 429 interrupts the call instead of being waited for by it: `restarts-paging-after-429`.
    pub(crate) fn interruptible(mut self, interruptible: bool) -> Self {
        self.interruptible = interruptible;
        self
    }

    /// The call takes its turn without waiting: the flaws that poll or start again at once.
    pub(crate) fn hasty(mut self, hasty: bool) -> Self {
        if hasty {
            self.manners = Manners::Hasty;
        }
        self
    }

    /// Whether a call that succeeded is sent once more, for the flaw `repeats-everything`.
    pub(crate) fn sends_again(&mut self, flaws: &FlawSet) -> bool {
        if !flaws.has(Flaw::RepeatsEverything) {
            return false;
        }
        self.manners = Manners::Hasty;
        self.repeated += 1;
        self.repeated < TIMES_EVERYTHING
    }

    /// Takes the outcome of an attempt: gives back an answer that is neither a 429, a 503 nor a server failure;
    /// nothing when the call is to be repeated now, the wait being over. `hidden` is the secret or token sent.
    ///
    /// # Errors
    /// The call is given up.
    pub(crate) async fn settle(
        &mut self,
        outcome: Result<Answer, Failure>,
        hidden: &str,
    ) -> Result<Option<Answer>, ClientError> {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(Failure::Passing(cause)) => {
                let insists = self.line.session.flaws.has(Flaw::InsistsOnSlowAnswers);
                if insists && is_impatience(&cause) && self.failed < STUBBORN {
                    self.failed += 1;
                    return Ok(None);
                }
                return self.failed(cause).await.map(|()| None);
            }
            Err(Failure::Lasting(cause)) => {
                let flaws = &self.line.session.flaws;
                if flaws.has(Flaw::InsistsAfterAlert) && alert::is_alert(&cause) && self.failed < STUBBORN {
                    self.failed += 1;
                    return Ok(None);
                }
                return Err(ClientError::Insecure { call: self.call.to_owned(), cause });
            }
        };
        match answer.status {
            429 | 503 => self.throttled(&answer).await.map(|()| None),
            500 | 502 | 504 => {
                let cause = format!("HTTP {}{}", answer.status, detail(&answer, hidden));
                self.failed(cause).await.map(|()| None)
            }
            _ => Ok(Some(answer)),
        }
    }

    /// Waits before the repeat of a call that failed in a way that may pass.
    ///
    /// # Errors
    /// The attempts are used up, or the deadline comes first.
    pub(crate) async fn failed(&mut self, cause: String) -> Result<(), ClientError> {
        self.failed += 1;
        let session = &self.line.session;
        let repeat = after_failure(self.failed, &session.flaws);
        let due = repeat.map(|repeat| (session.clock.now() + repeat.wait, repeat.manners));
        match due {
            Some((moment, manners)) if !session.is_past_deadline(moment) => {
                self.manners = if manners == Manners::Paced { usual_manners(session) } else { manners };
                session.clock.sleep_until(moment).await;
                Ok(())
            }
            _ => Err(ClientError::Broken { call: self.call.to_owned(), cause, attempts: self.failed }),
        }
    }

    async fn throttled(&mut self, answer: &Answer) -> Result<(), ClientError> {
        self.throttled += 1;
        let session = &self.line.session;
        let received = session.clock.now();
        if let Some(wait) = misread_delay(&answer.headers, session.clock.wall(), &session.flaws)? {
            session.clock.sleep_until(received + wait).await;
            return Ok(());
        }
        let advertised = Advertised::read(&answer.headers, session.clock.wall());
        let (service, status) = (self.line.service, answer.status);
        let Some(repeat) = after_throttling(service, status, advertised, self.throttled, &session.flaws)
        else {
            // This call ends here, but the other workers have been told to wait as well.
            self.line.pace.pause_until(received + advertised.delay().unwrap_or_default());
            return Err(self.still_throttled(status));
        };
        let until = received + repeat.wait + self.spread(repeat);
        if repeat.for_all {
            // Before anything else, so that the other workers stop even if this one gives up.
            self.line.pace.pause_until(until);
        }
        if session.is_past_deadline(until) {
            return Err(self.past_deadline(status, repeat));
        }
        if self.interruptible && status == 429 {
            return Err(ClientError::Interrupted { call: self.call.to_owned() });
        }
        self.manners = if repeat.manners == Manners::Paced { usual_manners(session) } else { repeat.manners };
        session.clock.sleep_until(until).await;
        Ok(())
    }

    fn spread(&self, repeat: Repeat) -> Duration {
        if repeat.for_all { self.line.session.clock.jitter(JITTER) } else { Duration::ZERO }
    }

    fn still_throttled(&self, status: u16) -> ClientError {
        ClientError::StillThrottled { call: self.call.to_owned(), status, attempts: self.throttled }
    }

    fn past_deadline(&self, status: u16, repeat: Repeat) -> ClientError {
        let seconds = repeat.wait.as_millis().div_ceil(1000) as u64;
        ClientError::WaitPastDeadline { call: self.call.to_owned(), status, seconds }
    }
}

fn usual_manners(session: &Session) -> Manners {
    if session.flaws.has(Flaw::Floods) { Manners::Unpaced } else { Manners::Paced }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use hyper::HeaderMap;
    use hyper::header::{HeaderValue, RETRY_AFTER};

    use super::super::tests::ManualClock;
    use super::*;

    fn line(clock: &Arc<ManualClock>, deadline_ms: &str, flaws: FlawSet) -> Arc<Line> {
        let variables = BTreeMap::from([("ROR_DEADLINE_MS".to_owned(), deadline_ms.to_owned())]);
        let settings = Settings::gather(&variables, std::io::empty()).unwrap();
        let session = Session::new(settings, flaws, Arc::clone(clock) as Arc<dyn Clock>);
        Arc::new(Line::new(Service::Api, Pool::new(None), Arc::new(session)))
    }

    fn answer(status: u16, retry_after: &str) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry_after).unwrap());
        Ok(Answer { status, headers, body: hyper::body::Bytes::new() })
    }

    /// Whether the others are held back while the call that met `answer` waits.
    async fn holds_the_others(answer: Result<Answer, Failure>, flaws: FlawSet) -> bool {
        let clock = Arc::new(ManualClock::new());
        let line = line(&clock, "60000", flaws);
        let seen = Arc::new(Mutex::new(None));
        let (other, noted) = (Arc::clone(&line), Arc::clone(&seen));
        clock.during_next_sleep(move || *noted.lock().unwrap() = Some(other.is_paused()));
        assert!(Insistence::new(&line, "GET x").settle(answer, "").await.unwrap().is_none());
        let paused = seen.lock().unwrap().take();
        paused.unwrap()
    }

    #[tokio::test]
    async fn a_wait_asked_for_holds_all_the_workers() {
        assert!(holds_the_others(answer(429, "2"), FlawSet::none()).await);
        assert!(holds_the_others(answer(503, "2"), FlawSet::none()).await);
        assert!(holds_the_others(answer(429, "soon"), FlawSet::none()).await);
        assert!(!holds_the_others(answer(500, "2"), FlawSet::none()).await);
        assert!(!holds_the_others(answer(429, "2"), Flaw::IgnoresRetryAfter.into()).await);
    }

    #[tokio::test]
    async fn a_wait_asked_for_by_a_call_that_is_not_repeated_holds_what_follows() {
        let clock = Arc::new(ManualClock::new());
        let heeds = |flaws: FlawSet, status| {
            let line = line(&clock, "60000", flaws);
            line.heed(&answer(status, "2").unwrap_or_else(|_| unreachable!("an answer")));
            line.is_paused()
        };
        assert!(heeds(FlawSet::none(), 429) && heeds(FlawSet::none(), 503));
        assert!(!heeds(FlawSet::none(), 200));
        assert!(!heeds(Flaw::IgnoresRetryAfter.into(), 429));
    }

    #[tokio::test]
    async fn a_worker_that_gives_up_holds_the_others_all_the_same() {
        let clock = Arc::new(ManualClock::new());
        let past_deadline = line(&clock, "1000", FlawSet::none());
        let refused = Insistence::new(&past_deadline, "GET x").settle(answer(429, "3600"), "").await;
        assert!(matches!(refused, Err(ClientError::WaitPastDeadline { seconds: 3600, .. })));
        assert!(past_deadline.is_paused());

        let exhausted = line(&clock, "600000", FlawSet::none());
        let mut insistence = Insistence::new(&exhausted, "GET x");
        let error = loop {
            if let Err(error) = insistence.settle(answer(429, "2"), "").await {
                break error;
            }
        };
        assert!(matches!(error, ClientError::StillThrottled { attempts: 10, .. }));
        assert!(exhausted.is_paused());
    }
}
