//! How many people there may be, on the node and in one account, and who makes room.

use serde_json::Value;

use super::audit::Noted;
use super::change::{Effects, Refused, Write};
use super::{ApiKey, People};

impl People {
    /// Room for one more account. The names of deleted ones are kept: rows bear them.
    pub(super) fn room_for_account(&self) -> Result<(), Refused> {
        let live = self.accounts.iter().filter(|account| account.deleted_at.is_none()).count();
        room(live, MAX_ACCOUNTS, "accounts")?;
        room(self.accounts.len(), MAX_ACCOUNT_NAMES, "names of accounts that are or were")
    }

    /// Room for one more user of an account.
    pub(super) fn room_for_user(&self, account: &str) -> Result<(), Refused> {
        let of_account = self.users.iter().filter(|user| user.account == account).count();
        room(of_account, MAX_USERS_AN_ACCOUNT, "users in an account")?;
        room(self.users.len(), MAX_USERS, "users")
    }

    /// Room for one more key of an account: where there is none, the key goes that was revoked first.
    pub(super) fn make_room_for_key(&mut self, account: &str, effects: &mut Effects) -> Result<(), Refused> {
        let of_account = self.keys.iter().filter(|key| key.account == account).count();
        if of_account >= MAX_KEYS_AN_ACCOUNT && !self.drop_revoked(|key| key.account == account, effects) {
            return Err(Refused::TooMany { what: "keys in an account", most: MAX_KEYS_AN_ACCOUNT });
        }
        if self.keys.len() >= MAX_KEYS && !self.drop_revoked(|_| true, effects) {
            return Err(Refused::TooMany { what: "keys", most: MAX_KEYS });
        }
        Ok(())
    }

    /// Forgets the key among these that was revoked first; false when none was.
    fn drop_revoked(&mut self, is_one: impl Fn(&ApiKey) -> bool, effects: &mut Effects) -> bool {
        let revoked = self.keys.iter().enumerate().filter(|(_, key)| is_one(key));
        let oldest = revoked.filter_map(|(at, key)| Some((key.revoked_at?, key.id, at))).min();
        let Some((_, id, at)) = oldest else { return false };
        let key = self.keys.remove(at);
        effects.noted.push(Noted::of(("api_key", "api_key.forgotten"), &key.account, id, key.noted(), Value::Null));
        effects.writes.push(Write::DropKey(id));
        true
    }
}

pub(super) fn room(count: usize, most: usize, what: &'static str) -> Result<(), Refused> {
    if count < most { Ok(()) } else { Err(Refused::TooMany { what, most }) }
}

/// All people are held in memory, and read whole at each change: a megabyte or two at these bounds.
const MAX_ACCOUNTS: usize = 1_000;
/// With those of deleted accounts, which are not given again.
const MAX_ACCOUNT_NAMES: usize = 10_000;
const MAX_USERS: usize = 5_000;
/// So that no account takes the places of all others; the agents of a large centre.
const MAX_USERS_AN_ACCOUNT: usize = 4_000;
const MAX_KEYS: usize = 5_000;
/// So that no account takes the places of all others; revoked ones among them.
const MAX_KEYS_AN_ACCOUNT: usize = 1_000;

#[cfg(test)]
mod tests {
    use clock::WallTime;

    use super::super::RowId;
    use super::*;

    fn key(number: usize, account: &str, revoked: Option<i64>) -> ApiKey {
        let at = WallTime::from_micros(0);
        ApiKey {
            id: RowId(number as u128),
            account: account.into(),
            name: number.to_string(),
            prefix: String::new(),
            hash: [0; 32],
            scopes: Vec::new(),
            address_ranges: Vec::new(),
            expires_at: None,
            revoked_at: revoked.map(WallTime::from_micros),
            last_used_at: None,
            made_by: None,
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    fn full(account: impl Fn(usize) -> String, many: usize, revoked: &[(usize, i64)]) -> People {
        let when = |number| revoked.iter().find(|(one, _)| *one == number).map(|(_, at)| *at);
        let keys = (0..many).map(|number| key(number, &account(number), when(number))).collect();
        People { keys, ..People::default() }
    }

    #[test]
    fn the_key_that_was_revoked_first_makes_room() {
        let mut people = full(|_| "north".into(), MAX_KEYS_AN_ACCOUNT, &[(3, 9), (7, 5)]);
        let mut effects = Effects::default();
        for gone in [7, 3] {
            people.make_room_for_key("north", &mut effects).unwrap();
            assert!(people.keys.iter().all(|key| key.id != RowId(gone)));
            people.keys.push(key(10_000 + gone as usize, "north", None));
        }
        assert_eq!((effects.writes.len(), effects.noted.len()), (2, 2));
        let refused = people.make_room_for_key("north", &mut effects);
        assert_eq!(refused, Err(Refused::TooMany { what: "keys in an account", most: MAX_KEYS_AN_ACCOUNT }));
        assert_eq!(people.make_room_for_key("south", &mut effects), Ok(()), "the others have their places");
    }

    #[test]
    fn a_full_node_forgets_whoevers_key_was_revoked_first() {
        let mut people = full(|number| format!("account-{}", number % 10), MAX_KEYS, &[(11, 1)]);
        let mut effects = Effects::default();
        assert_eq!(people.make_room_for_key("account-2", &mut effects), Ok(()));
        people.keys.push(key(9_000, "account-2", None));
        let refused = people.make_room_for_key("account-2", &mut effects);
        assert_eq!(refused, Err(Refused::TooMany { what: "keys", most: MAX_KEYS }));
    }
}
