//! What may be done: permissions, which routes ask for, and roles, which are sets of them.
//!
//! Permissions are what is checked. A role is data: a row of [`ROLES`]. The
//! tables in `docs/rights.md` are made of these and compared in a test.

/// Whose things a permission is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of the agent that the user is.
    Own,
    /// Those of the teams that the user leads, and his own.
    Team,
    /// All of the account's.
    All,
}

/// A role: a word that stands for permissions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Role {
    /// Its word.
    pub(crate) word: &'static str,
    /// Who it is for.
    pub(crate) says: &'static str,
    /// What it permits.
    pub(crate) grants: &'static [(Permission, Reach)],
}

/// What one who asks may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Bit of each permission for all of the account's things.
    all: u64,
    /// Bit of each for one's teams.
    team: u64,
    /// Bit of each for one's own.
    own: u64,
}

macro_rules! permissions {
    ($($name:ident = $word:literal, $says:literal;)*) => {
        /// Something that one may do or not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Permission {
            $(#[doc = $says] $name,)*
        }

        impl Permission {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its word.
            #[must_use]
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it is for.
            #[must_use]
            pub(crate) const fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)* }
            }
        }
    };
}

permissions! {
    CallsView = "calls.view", "see calls and their journeys";
    CallsDial = "calls.dial", "call from an agent's phone";
    CallsControl = "calls.control", "end live calls";
    RecordingsPlay = "recordings.play", "listen to recordings";
    AgentsView = "agents.view", "see agents and their states";
    AgentsControl = "agents.control", "change an agent's state";
    QueuesView = "queues.view", "see queues and who waits";
    CallbacksView = "callbacks.view", "see who is to be called back";
    CallbacksManage = "callbacks.manage", "ask for callbacks and call them off";
    DncView = "dnc.view", "see the do-not-call list";
    DncManage = "dnc.manage", "change the do-not-call list";
    ConsentsView = "consents.view", "see who agreed to be called by machines, or about claims";
    ConsentsManage = "consents.manage", "write down consents and revocations";
    ComplianceView = "compliance.view", "see the rules of the dial gate and what it says of numbers";
    ComplianceExport = "compliance.export", "export rules and decisions of the dial gate";
    LeadListsView = "lead_lists.view", "see lists of leads and the people in them";
    LeadListsManage = "lead_lists.manage", "upload, import and delete lists of leads";
    QueuesControl = "queues.control", "move, prioritise, pull and re-queue waiting calls";
    VoicemailsView = "voicemails.view", "see voicemails";
    VoicemailsPlay = "voicemails.play", "listen to voicemails";
    TelephonyView = "telephony.view", "see trunks and registered phones";
    BansView = "bans.view", "see who gets no answer";
    BansRelease = "bans.release", "lift bans";
    ReportsView = "reports.view", "see reports";
    QuarantineView = "quarantine.view", "see what is not handled because it broke its owner";
    QuarantineRelease = "quarantine.release", "let it be handled again";
    EventsFollow = "events.follow", "follow what happens";
    MetricsView = "metrics.view", "read health and figures from another machine";
    AccountsView = "accounts.view", "see accounts";
    AccountsManage = "accounts.manage", "make, change and delete accounts";
    UsersView = "users.view", "see users";
    UsersManage = "users.manage", "make, change and delete users";
    TeamsView = "teams.view", "see teams";
    TeamsManage = "teams.manage", "make, change and delete teams";
    KeysView = "keys.view", "see API keys, never their secrets";
    KeysManage = "keys.manage", "make, change and revoke API keys";
    CampaignsView = "campaigns.view", "see campaigns, their attempts and why they dial as they do";
    CampaignsManage = "campaigns.manage", "write, submit and call off campaigns";
    CampaignsApprove = "campaigns.approve", "approve and reject campaigns";
    CampaignsRun = "campaigns.run", "start, pause and stop campaigns";
    AuditView = "audit.view", "read the log of changes";
}

impl Permission {
    /// The permission with this word.
    #[must_use]
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.word() == word)
    }

    const fn bit(self) -> u64 {
        1 << (self as u64)
    }
}

impl Role {
    /// The role with this word.
    #[must_use]
    pub(crate) fn of_word(word: &str) -> Option<&'static Self> {
        ROLES.iter().find(|role| role.word == word)
    }

    /// How far it reaches with a permission, if it has it.
    #[must_use]
    #[cfg(test)]
    pub(crate) fn reach(&self, permission: Permission) -> Option<Reach> {
        self.grants.iter().find(|(granted, _)| *granted == permission).map(|(_, reach)| *reach)
    }
}

impl Rights {
    /// What these words of roles and permissions permit together. Words that are not known permit nothing.
    #[must_use]
    pub(crate) fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut rights = Self::default();
        for word in words {
            if let Some(permission) = Permission::of_word(word) {
                rights.add(permission, Reach::All);
            }
            for (permission, reach) in Role::of_word(word).map_or(&[][..], |role| role.grants) {
                rights.add(*permission, *reach);
            }
        }
        rights
    }

    fn add(&mut self, permission: Permission, reach: Reach) {
        match reach {
            Reach::Own => self.own |= permission.bit(),
            Reach::Team => self.team |= permission.bit(),
            Reach::All => self.all |= permission.bit(),
        }
    }

    /// How far one may go with a permission, if at all.
    #[must_use]
    pub(crate) fn reach(self, permission: Permission) -> Option<Reach> {
        match permission.bit() {
            bit if self.all & bit != 0 => Some(Reach::All),
            bit if self.team & bit != 0 => Some(Reach::Team),
            bit if self.own & bit != 0 => Some(Reach::Own),
            _ => None,
        }
    }

    /// True when whoever has `self` may give `other` to someone: nobody gives more than he has.
    #[must_use]
    pub(crate) fn cover(self, other: Self) -> bool {
        let team = self.team | self.all;
        other.all & !self.all == 0 && other.team & !team == 0 && other.own & !(self.own | team) == 0
    }
}

use Permission as P;
use Reach::{All, Own, Team};

/// The roles.
pub(crate) static ROLES: [Role; 5] = [
    Role {
        word: "admin",
        says: "runs the account: everything",
        grants: &[
            (P::CallsView, All),
            (P::CallsDial, All),
            (P::CallsControl, All),
            (P::RecordingsPlay, All),
            (P::AgentsView, All),
            (P::AgentsControl, All),
            (P::QueuesView, All),
            (P::QueuesControl, All),
            (P::CallbacksView, All),
            (P::CallbacksManage, All),
            (P::DncView, All),
            (P::DncManage, All),
            (P::ConsentsView, All),
            (P::ConsentsManage, All),
            (P::ComplianceView, All),
            (P::ComplianceExport, All),
            (P::LeadListsView, All),
            (P::LeadListsManage, All),
            (P::CampaignsView, All),
            (P::CampaignsManage, All),
            (P::CampaignsApprove, All),
            (P::CampaignsRun, All),
            (P::VoicemailsView, All),
            (P::VoicemailsPlay, All),
            (P::TelephonyView, All),
            (P::BansView, All),
            (P::BansRelease, All),
            (P::ReportsView, All),
            (P::QuarantineView, All),
            (P::QuarantineRelease, All),
            (P::EventsFollow, All),
            (P::MetricsView, All),
            (P::AccountsView, All),
            (P::AccountsManage, All),
            (P::UsersView, All),
            (P::UsersManage, All),
            (P::TeamsView, All),
            (P::TeamsManage, All),
            (P::KeysView, All),
            (P::KeysManage, All),
            (P::AuditView, All),
        ],
    },
    Role {
        word: "supervisor",
        says: "leads the agents: all of telephony, nothing of people and keys",
        grants: &[
            (P::CallsView, All),
            (P::CallsDial, All),
            (P::CallsControl, All),
            (P::RecordingsPlay, All),
            (P::AgentsView, All),
            (P::AgentsControl, All),
            (P::QueuesView, All),
            (P::CallbacksView, All),
            (P::CallbacksManage, All),
            (P::DncView, All),
            (P::DncManage, All),
            (P::ConsentsView, All),
            (P::ConsentsManage, All),
            (P::ComplianceView, All),
            (P::ComplianceExport, All),
            (P::LeadListsView, All),
            (P::LeadListsManage, All),
            (P::CampaignsView, All),
            (P::CampaignsManage, All),
            (P::CampaignsRun, All),
            (P::QueuesControl, All),
            (P::VoicemailsView, All),
            (P::VoicemailsPlay, All),
            (P::TelephonyView, All),
            (P::BansView, All),
            (P::BansRelease, All),
            (P::ReportsView, All),
            (P::QuarantineView, All),
            (P::EventsFollow, All),
            (P::TeamsView, All),
        ],
    },
    Role {
        word: "manager",
        says: "leads teams: the calls of their queues and agents, and reports of them",
        grants: &[
            (P::CallsView, Team),
            (P::CallsControl, Team),
            (P::RecordingsPlay, Team),
            (P::AgentsView, All),
            (P::QueuesView, All),
            (P::ReportsView, Team),
            (P::EventsFollow, Team),
            (P::TeamsView, All),
        ],
    },
    Role {
        word: "operator",
        says: "is an agent: his own state, calls, callbacks and phones",
        grants: &[
            (P::CallsView, Own),
            (P::CallsDial, Own),
            (P::CallsControl, Own),
            (P::RecordingsPlay, Own),
            (P::AgentsView, Own),
            (P::AgentsControl, Own),
            (P::QueuesView, All),
            (P::CallbacksView, Own),
            (P::CallbacksManage, Own),
            (P::TelephonyView, Own),
            (P::ReportsView, Own),
            (P::EventsFollow, Own),
        ],
    },
    Role {
        word: "viewer",
        says: "looks on: changes nothing, hears nothing",
        grants: &[
            (P::CallsView, All),
            (P::AgentsView, All),
            (P::QueuesView, All),
            (P::CallbacksView, All),
            (P::DncView, All),
            (P::ConsentsView, All),
            (P::ComplianceView, All),
            (P::LeadListsView, All),
            (P::CampaignsView, All),
            (P::VoicemailsView, All),
            (P::TelephonyView, All),
            (P::EventsFollow, All),
        ],
    },
];

/// The role without which nobody could make users any more.
pub(crate) const ADMIN: &str = "admin";
/// The role of an agent: it needs an extension.
pub(crate) const OPERATOR: &str = "operator";
/// The role of one who leads teams: a key leads none.
pub(crate) const MANAGER: &str = "manager";

#[cfg(test)]
mod tests;
