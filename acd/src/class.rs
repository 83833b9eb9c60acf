//! Classes of calls: all that ask the same of an agent, and whom they fit.

use clock::SkillId;

use crate::contract::{Need, WorkKind};
use crate::fixed_map::FixedMap;
use crate::profile::Profile;
use crate::skills;

/// What a call asks of an agent at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ask {
    /// Slot of its queue.
    pub(crate) queue: usize,
    pub(crate) kind: WorkKind,
    /// By skill, each once.
    pub(crate) required: Vec<Need>,
    pub(crate) preferred: Vec<SkillId>,
    /// Agents above this level are not asked.
    pub(crate) level_max: u8,
}

/// Why a call does not fit a profile, whatever the state of its agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Kind,
    Level,
    Skill(Need),
}

/// A class and whom it fits: worked out once, not at each decision.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) ask: Ask,
    /// Profiles that it fits, the best grade first.
    pub(crate) fits: Vec<Fit>,
    /// Agents of the queue whom it does not fit, by reason.
    pub(crate) unfit: UnfitCounts,
}

/// A profile that may serve a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit {
    pub(crate) grade: Grade,
    pub(crate) profile: usize,
    /// Which of its rankings the queue chooses by.
    pub(crate) ranking: usize,
}

/// Before the strategy is asked: the lower level, then more of the preferred skills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grade {
    pub(crate) level: u8,
    pub(crate) proficiency: core::cmp::Reverse<u16>,
}

/// Agents of a queue who may not be offered a class, whatever their state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnfitCounts {
    pub(crate) kind: u32,
    pub(crate) level: u32,
    pub(crate) skill: u32,
}

/// All classes that calls wait in, or waited in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    list: Vec<Class>,
    by_ask: FixedMap<Ask, usize>,
}

impl Ask {
    /// Why agents of `profile`, who are of this level in the queue, may not be offered it.
    pub(crate) fn unfit(&self, level: u8, profile: &Profile) -> Option<Unfit> {
        if profile.blend.rank(self.kind).is_none() {
            return Some(Unfit::Kind);
        }
        if level > self.level_max {
            return Some(Unfit::Level);
        }
        skills::lacks(&profile.skills, &self.required).map(Unfit::Skill)
    }

    pub(crate) fn grade(&self, level: u8, profile: &Profile) -> Grade {
        let proficiency = skills::proficiency(&profile.skills, &self.preferred);
        Grade { level, proficiency: core::cmp::Reverse(proficiency) }
    }
}

impl Classes {
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn find(&self, ask: &Ask) -> Option<usize> {
        self.by_ask.get(ask).copied()
    }

    pub(crate) fn class(&self, class: usize) -> &Class {
        &self.list[class]
    }

    /// A new class, held against the profiles that serve its queue.
    pub(crate) fn add(&mut self, ask: Ask, serving: &[usize], profiles: &mut [Profile]) -> usize {
        let class = self.list.len();
        let (mut fits, mut unfit) = (Vec::new(), UnfitCounts::default());
        for &index in serving {
            let profile = &mut profiles[index];
            let Some(served) = profile.served(ask.queue) else { continue };
            let agents = u32::try_from(profile.members.len()).unwrap_or(u32::MAX);
            match ask.unfit(served.level, profile) {
                None => {
                    let grade = ask.grade(served.level, profile);
                    fits.push(Fit { grade, profile: index, ranking: served.ranking });
                    profile.classes.insert(class);
                }
                Some(Unfit::Kind) => unfit.kind += agents,
                Some(Unfit::Level) => unfit.level += agents,
                Some(Unfit::Skill(_)) => unfit.skill += agents,
            }
        }
        fits.sort_unstable();
        self.by_ask.insert(ask.clone(), class);
        self.list.push(Class { ask, fits, unfit });
        class
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Class {
    /// The fits of the best grade that has an idle agent.
    pub(crate) fn best<'a>(&'a self, profiles: &'a [Profile]) -> impl Iterator<Item = &'a Fit> + Clone {
        let has_idle = |fit: &&Fit| profiles[fit.profile].idle > 0;
        let grade = self.fits.iter().find(has_idle).map(|fit| fit.grade);
        self.fits
            .iter()
            .skip_while(move |fit| Some(fit.grade) != grade)
            .take_while(move |fit| Some(fit.grade) == grade)
            .filter(has_idle)
    }
}

/// Classes known at one time, empty ones included: every queue with ten steps, in each kind of work. A call that would
/// need one more waits without what it asks for itself.
pub(crate) const CLASSES_MAX: usize = 30_000;
