//! Keys beside the PKI's own, for certificates that must not have its keys: each is made once for a run, when the first
//! certificate asks for it. Making one takes a tenth of a second of a processor that the scenarios need.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::KeyPair;

use super::{PkiError, issue};

/// Keys by what they are for, and their length in bits. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    made: Arc<Mutex<BTreeMap<(&'static str, u32), Place>>>,
}

/// Where a key is, once it is made.
type Place = Arc<Mutex<Option<Arc<KeyPair>>>>;

impl Keys {
    /// The key for that purpose. Those who ask for it while it is made wait for it.
    pub(super) fn get(&self, purpose: &'static str, bits: u32) -> Result<Arc<KeyPair>, PkiError> {
        let place = Arc::clone(locked(&self.made).entry((purpose, bits)).or_default());
        let mut key = locked(&place);
        if let Some(key) = &*key {
            return Ok(Arc::clone(key));
        }
        let made = Arc::new(issue::make_key(bits)?);
        *key = Some(Arc::clone(&made));
        Ok(made)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_each_purpose() {
        let keys = Keys::default();
        let public = |purpose| keys.clone().get(purpose, 2048).unwrap().public_key_raw().to_vec();
        assert_eq!(public("stranger"), public("stranger"));
        assert_ne!(public("stranger"), public("renewed"));
    }
}
