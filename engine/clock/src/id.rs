//! Ids that cores use among themselves: integers that know no tenant and no name (DESIGN section 5).

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Rng, WallTime};

macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);
    };
}

integer_id!(/** An agent, human or bot. */ AgentId(u32));
integer_id!(/** A queue. */ QueueId(u32));
integer_id!(/** A skill of agents. */ SkillId(u32));
integer_id!(/** A trunk. */ TrunkId(u32));
integer_id!(/** A call shard. */ ShardId(u16));
integer_id!(/** A recorded message that is played to people or machines. */ MessageId(u32));
integer_id!(/** One leg: one session with one party. Unique within the node's life. */ LegId(u64));
integer_id!(/** One offer of one call to one agent. Unique within the node's life. */ OfferId(u64));
integer_id!(/** The generation of a lease or fact: a later one makes the earlier void. */ Generation(u32));
integer_id!(/** One request of an outside client (REST) to an owner, answered by a reply. */ RequestId(u64));
integer_id!(/** One way to a peer: a UDP listener, or one TCP connection. */ FlowId(u64));

macro_rules! minted_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $bad:ident) => {
        $(#[$doc])*
        ///
        /// 48 bits of wall milliseconds, then 80 random bits, so ids made by different
        /// owners or before and after a restart do not meet.
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u128);

        impl $name {
            /// A new id, of what begins at `wall`.
            pub fn mint(wall: WallTime, rng: &mut Rng) -> Self {
                let millis = (wall.as_micros().max(0) as u128 / 1000) & 0xFFFF_FFFF_FFFF;
                let chance = (u128::from(rng.next_u64()) << 16) | u128::from(rng.next_u32() & 0xFFFF);
                Self((millis << 80) | chance)
            }

            /// The 16 bytes, in the order in which they sort.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// The id with these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            /// The prefix and 32 hexadecimal digits: the form of the API and of log lines.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:032x}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        /// The text is not the prefix followed by 32 lower-case hexadecimal digits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $bad;

        impl core::str::FromStr for $name {
            type Err = $bad;

            fn from_str(text: &str) -> Result<Self, $bad> {
                let digits = text.strip_prefix($prefix).ok_or($bad)?;
                let well_formed = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if !well_formed {
                    return Err($bad);
                }
                u128::from_str_radix(digits, 16).map(Self).map_err(|_| $bad)
            }
        }
    };
}

minted_id!(
    /// One call (DESIGN section 8), `call_…`: 16 bytes, ordered by the time of creation.
    CallId,
    "call_",
    BadCallId
);
minted_id!(
    /// One request to be called back, `callback_…`: 16 bytes, ordered by the time of the request.
    CallbackId,
    "callback_",
    BadCallbackId
);
minted_id!(
    /// One campaign, `campaign_…`: 16 bytes, ordered by the time of creation.
    CampaignId,
    "campaign_",
    BadCampaignId
);
minted_id!(
    /// One list of leads, `list_…`: 16 bytes, ordered by the time of its upload.
    ListId,
    "list_",
    BadListId
);
minted_id!(
    /// One lead, somebody whom a campaign may call, `lead_…`: 16 bytes, ordered by the time of its import.
    LeadId,
    "lead_",
    BadLeadId
);
minted_id!(
    /// One attempt to reach a lead by one of its numbers, `attempt_…`: 16 bytes, ordered by the time of dialing.
    AttemptId,
    "attempt_",
    BadAttemptId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_sort_by_time_and_read_back() {
        let mut rng = Rng::new(1);
        let early = CallId::mint(WallTime::from_micros(1_000_000), &mut rng);
        let late = CallId::mint(WallTime::from_micros(2_000_000), &mut rng);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(CallId::from_bytes(late.to_bytes()), late);
        assert_eq!("call_12".parse::<CallId>(), Err(BadCallId));
    }
}
