//! Keys beside the PKI's own, for certificates that must not have its keys: each is made once for a run, when the first
//! certificate asks for it. Making one takes a tenth of a second of a processor that the scenarios need.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::KeyPair;

use super::{PkiError, issue};

/// Keys by what they are for. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    made: Arc<Mutex<BTreeMap<&'static str, Arc<KeyPair>>>>,
}

impl Keys {
    /// The key for that purpose. Those who ask for it while it is made wait for it.
    pub(super) fn get(&self, purpose: &'static str, bits: u32) -> Result<Arc<KeyPair>, PkiError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = made.get(purpose) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(issue::make_key(bits)?);
        made.insert(purpose, Arc::clone(&key));
        Ok(key)
    }
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
