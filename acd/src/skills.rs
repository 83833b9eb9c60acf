//! Who can do what: needs against skills.

use clock::SkillId;

use crate::contract::{Need, Skill};

/// An agent's skills by id; of one that is named twice the better level.
pub(crate) fn sorted(mut skills: Vec<Skill>) -> Vec<Skill> {
    skills.sort_unstable_by_key(|one| (one.skill, core::cmp::Reverse(one.level)));
    skills.dedup_by_key(|one| one.skill);
    skills
}

/// What two lists of needs ask together: each skill once, at the higher level.
pub(crate) fn union(one: &[Need], two: &[Need]) -> Vec<Need> {
    let mut all: Vec<Need> = one.iter().chain(two).copied().collect();
    all.sort_unstable_by_key(|need| (need.skill, core::cmp::Reverse(need.level)));
    all.dedup_by_key(|need| need.skill);
    all
}

/// His level of a skill; 0 when he lacks it. `skills` are [`sorted`].
pub(crate) fn level(skills: &[Skill], skill: SkillId) -> u8 {
    skills.binary_search_by_key(&skill, |one| one.skill).map_or(0, |at| skills[at].level)
}

/// The first need that he does not meet.
pub(crate) fn lacks(skills: &[Skill], needs: &[Need]) -> Option<Need> {
    needs.iter().copied().find(|need| level(skills, need.skill) < need.level.max(1))
}

/// How well he has the preferred skills: the sum of his levels.
pub(crate) fn proficiency(skills: &[Skill], preferred: &[SkillId]) -> u16 {
    preferred.iter().map(|skill| u16::from(level(skills, *skill))).fold(0, u16::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(id: u32, level: u8) -> Skill {
        Skill { skill: SkillId(id), level }
    }

    fn need(id: u32, level: u8) -> Need {
        Need { skill: SkillId(id), level }
    }

    #[test]
    fn needs_are_met_at_their_level() {
        let skills = sorted(vec![skill(7, 2), skill(1, 5), skill(7, 4)]);
        assert_eq!(lacks(&skills, &[need(1, 5), need(7, 4)]), None);
        assert_eq!(lacks(&skills, &[need(1, 5), need(7, 5)]), Some(need(7, 5)));
        assert_eq!(lacks(&skills, &[need(2, 0)]), Some(need(2, 0)), "a need without a level is one of the least");
        assert_eq!(proficiency(&skills, &[SkillId(7), SkillId(2), SkillId(1)]), 9);
        assert_eq!(union(&[need(7, 1), need(1, 1)], &[need(7, 3)]), [need(1, 1), need(7, 3)]);
    }
}
