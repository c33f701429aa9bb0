//! Where messages go: to stderr, which the server passes on to the client, and to the host's log where it has one.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use crate::border::{Guid, HostLog};

/// `Extension_Error` of the host's levels.
const ERROR: u16 = 2;

static HOST: Mutex<Option<HostLog>> = Mutex::new(None);

/// Sets the host's log, or none.
pub(crate) fn set_host(log: Option<HostLog>) {
    *HOST.lock().unwrap_or_else(PoisonError::into_inner) = log;
}

/// Tells why a call failed.
pub(crate) fn error(session: Guid, task: u16, message: &str) {
    // the message is lost where stderr is closed; that is no reason to fail otherwise
    let _ = writeln!(std::io::stderr(), "rxdf: {message}");
    let host = *HOST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(host) = host {
        host.write(session, task, ERROR, message);
    }
}
