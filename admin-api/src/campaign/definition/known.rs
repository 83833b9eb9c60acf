//! What a campaign names that must be there: own numbers, dispositions, lists of leads.

use centre::Directory;
use dialer::campaign::{AGENTS_MAX, CALLER_IDS_MAX, Fault, LISTS_MAX};
use dialer::gate::packed;
use journal_core::NOT_SET;
use records::{Database, DatabaseUnavailable, LeadListState};

use super::{AssignedAgent, CampaignDefinition, Faults, OwnNumber};

impl CampaignDefinition {
    /// What it names of the configuration that is not there.
    pub(super) fn unknown(&self, directory: &Directory) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        let is_own = |number: &String| packed(number).is_none() || directory.own_numbers.contains(number);
        for (at, OwnNumber(number)) in self.caller_ids.iter().enumerate().take(CALLER_IDS_MAX) {
            let expected = "an own number: of a [[number]], or the caller_id of a trunk or queue";
            faults.unless(is_own(number), &format!("/caller_ids/{at}"), "unknown", expected);
        }
        self.unknown_agents(directory, &mut faults);
        let offered = || directory.dispositions.iter().filter(|rule| rule.is_for(self.queue.as_deref()));
        let codes: Vec<&str> = offered().map(|rule| rule.code.as_str()).chain([NOT_SET]).collect();
        for code in self.dispositions.keys().filter(|code| !codes.contains(&code.as_str())) {
            let expected = format!("a disposition of the queue's calls: {}", codes.join(", "));
            faults.add(&format!("/dispositions/{}", pointer(code)), "unknown", &expected);
        }
        faults.0
    }

    fn unknown_agents(&self, directory: &Directory, faults: &mut Faults) {
        let queue = self.queue.as_deref().and_then(|name| directory.queue(name));
        for (at, agent) in self.agents.iter().enumerate().take(AGENTS_MAX) {
            let at_agent = format!("/agents/{at}");
            let AssignedAgent(extension) = agent;
            let is_first = self.agents.iter().take(at).all(|before| before != agent);
            faults.unless(is_first, &at_agent, "duplicate", "each agent once");
            let known = directory.agent(extension).and_then(|agent| directory.agents.get(&agent));
            let expected = "the extension of an agent who serves the queue";
            match known {
                None => faults.add(&at_agent, "unknown", expected),
                Some(known) => {
                    let serves = queue.is_none_or(|queue| known.queues.contains(&queue));
                    faults.unless(serves, &at_agent, "contradiction", expected);
                }
            }
        }
    }

    /// Its lists that are not there, or from which no lead will ever come.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::campaign) async fn lists_wanting(
        &self,
        database: &Database,
        account: &str,
    ) -> Result<Vec<Fault>, DatabaseUnavailable> {
        let mut faults = Faults(Vec::new());
        for (at, share) in self.lists.iter().enumerate().take(LISTS_MAX) {
            // What is no id is said elsewhere.
            let Ok(list) = share.list_id.parse() else { continue };
            let at = format!("/lists/{at}/list_id");
            match database.lead_list(account, list).await?.map(|list| list.state) {
                None => faults.add(&at, "unknown", "the id of a list of leads"),
                Some(LeadListState::Failed | LeadListState::Cancelled) => {
                    faults.add(&at, "invalid", "a list whose import neither failed nor was called off");
                }
                Some(_) => {}
            }
        }
        Ok(faults.0)
    }
}

/// A key as it stands in a JSON pointer (RFC 6901 section 3).
fn pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
