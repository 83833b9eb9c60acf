//! Which of a campaign's fields are out of their range.

use dialer::campaign::Fault;

use super::{CampaignCaps, CampaignDefinition, Faults};

impl CampaignDefinition {
    /// Fields that are out of their range, also those that its dial method does not look at.
    pub(super) fn ranges(&self) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        let limit = self.preview_limit_s.is_none_or(|limit| (5..=3_600).contains(&limit));
        faults.unless(limit, "/preview_limit_s", "out_of_range", "5 to 3600 s");
        let lines = self.lines_per_agent.is_none_or(|lines| (1.0..=10.0).contains(&lines));
        faults.unless(lines, "/lines_per_agent", "out_of_range", "1 to 10 lines an idle agent");
        let at_once = self.concurrent.is_none_or(|calls| (1..=5_000).contains(&calls));
        faults.unless(at_once, "/concurrent", "out_of_range", "1 to 5000 calls at once");
        let handover = (60..=MONTH_S).contains(&self.callback_handover_s);
        faults.unless(handover, "/callback_handover_s", "out_of_range", "60 to 2592000 s");
        self.form_ranges(&mut faults);
        let CampaignCaps { lead, number, lead_a_day, number_a_day, lead_in_24_h, number_in_24_h } = self.caps;
        let caps = [
            ("lead", lead),
            ("number", number),
            ("lead_a_day", lead_a_day),
            ("number_a_day", number_a_day),
            ("lead_in_24_h", lead_in_24_h),
            ("number_in_24_h", number_in_24_h),
        ];
        for (name, cap) in caps {
            let is_cap = cap.is_none_or(|cap| (1..=CAP_MAX).contains(&cap));
            faults.unless(is_cap, &format!("/caps/{name}"), "out_of_range", "1 to 1000 attempts");
        }
        for (at, list) in self.lists.iter().enumerate() {
            faults.unless(list.share <= 100, &format!("/lists/{at}/share"), "out_of_range", "0 to 100 percent");
        }
        for (code, given) in &self.dispositions {
            let is_span = given.after_s.is_none_or(|after| (120..=YEAR_S).contains(&after));
            faults.unless(is_span, &format!("/dispositions/{code}/after_s"), "out_of_range", "120 to 31536000 s");
        }
        faults.0
    }
}

/// Beyond what any law or patience allows.
const CAP_MAX: u32 = 1_000;
/// A promise that is older is none.
const MONTH_S: u64 = 30 * 86_400;
/// Nobody plans further.
const YEAR_S: u64 = 365 * 86_400;
