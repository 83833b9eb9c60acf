//! Accounts, users, keys, sessions, roles and the log of their changes, over REST.
//!
//! Reads come from memory ([`crate::roster`]); a change is one transaction of
//! the database, which is synced when it ends, and holds for all running
//! requests, streams and phones when it is acknowledged. No secret is ever shown
//! again or logged: keys and tokens once, in the answer that makes them.

mod account;
mod api_key;
mod audit;
mod change;
mod fields;
mod login_guard;
mod me;
mod password;
mod role;
mod secret;
mod session;
mod team;
mod user;

use crate::access::Routes;

pub(crate) use fields::nullable;
pub(crate) use login_guard::LoginGuard;
pub(crate) use password::Passwords;
pub(crate) use secret::new_id;
pub(crate) use team::team_of;

pub(crate) fn routes() -> Routes {
    let parts = [
        team::routes(),
        account::routes(),
        user::routes(),
        api_key::routes(),
        session::routes(),
        me::routes(),
        role::routes(),
    ];
    parts.into_iter().fold(audit::routes(), Routes::merge)
}
