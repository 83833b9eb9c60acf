//! What is wrong with menus, found before a caller does.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Exit, MenuId, Plan, Target};

/// A fault of the menus of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MenuFault {
    /// Nothing leads there.
    #[error("no number, menu or queue leads to it")]
    Unreachable {
        /// The menu.
        menu: MenuId,
    },
    /// A caller who presses nothing goes round for ever.
    #[error("a caller who presses no key goes round for ever: {}", path.join(" -> "))]
    Circle {
        /// The menu where the circle was found.
        menu: MenuId,
        /// The way round, as the configuration writes it.
        path: Vec<String>,
    },
}

/// Every fault of the menus: those that nothing leads to, and circles that need no key.
#[must_use]
pub fn faults(plan: &Plan) -> Vec<MenuFault> {
    let mut faults = Vec::new();
    let reached = reached(plan);
    let unreached = plan.menus.keys().filter(|menu| !reached.contains(&Place::Menu(**menu)));
    faults.extend(unreached.map(|menu| MenuFault::Unreachable { menu: *menu }));
    let mut told = BTreeSet::new();
    for menu in plan.menus.keys() {
        if let Some(path) = circle(plan, *menu)
            && path.iter().all(|place| !told.contains(place))
        {
            told.extend(path.iter().copied());
            let round = path.iter().chain(path.first()).map(|place| plan.written(&place.exit())).collect();
            faults.push(MenuFault::Circle { menu: *menu, path: round });
        }
    }
    faults
}

/// What has exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Menu(MenuId),
    Queue(clock::QueueId),
}

impl Place {
    fn of(plan: &Plan, exit: &Exit) -> Option<Self> {
        match exit {
            Exit::Own(Target::Menu(menu)) => Some(Self::Menu(*menu)),
            Exit::Own(Target::Queue(queue)) => Some(Self::Queue(*queue)),
            Exit::Number(number) => {
                let own = plan.numbers.e164(number).and_then(|number| plan.dids.get(&number).copied());
                own.and_then(|target| Self::of(plan, &Exit::Own(target)))
            }
            _ => None,
        }
    }

    const fn exit(self) -> Exit {
        match self {
            Self::Menu(menu) => Exit::Own(Target::Menu(menu)),
            Self::Queue(queue) => Exit::Own(Target::Queue(queue)),
        }
    }

    /// Where callers go from here who press nothing; of a queue only what happens at once, as its wait is no circle.
    fn onward(self, plan: &Plan) -> Vec<Self> {
        let exits: Vec<&Exit> = match self {
            Self::Menu(menu) => {
                let Some(menu) = plan.menus.get(&menu) else { return Vec::new() };
                let gate = menu.gate.iter().flat_map(|gate| [&gate.closed, &gate.holiday]);
                core::iter::once(&menu.default).chain(gate).collect()
            }
            Self::Queue(queue) => {
                let Some(queue) = plan.queues.get(&queue) else { return Vec::new() };
                let at_once = |why: &&crate::plan::Unserved| **why != crate::plan::Unserved::TimedOut;
                queue.overflow.iter().filter(|(why, _)| at_once(why)).map(|(_, overflow)| &overflow.to).collect()
            }
        };
        exits.into_iter().filter_map(|exit| Self::of(plan, exit)).collect()
    }

    /// Where callers may go from here at all.
    fn anywhere(self, plan: &Plan) -> Vec<Self> {
        let keys = match self {
            Self::Menu(menu) => plan.menus.get(&menu).map(|menu| menu.keys.values().collect::<Vec<_>>()),
            Self::Queue(queue) => plan.queues.get(&queue).map(|queue| {
                queue.keys.values().chain(queue.overflow.values().map(|overflow| &overflow.to)).collect::<Vec<_>>()
            }),
        };
        let keys = keys.unwrap_or_default().into_iter().filter_map(|exit| Self::of(plan, exit));
        keys.chain(self.onward(plan)).collect()
    }
}

/// Every menu and queue that a call can come to.
fn reached(plan: &Plan) -> BTreeSet<Place> {
    let targets = plan.dids.values().chain(plan.extensions.values()).map(|target| Exit::Own(*target));
    let gates = plan.entries.values().filter_map(|entry| entry.gate.as_ref());
    let gates = gates.flat_map(|gate| [gate.closed.clone(), gate.holiday.clone()]);
    let mut open: Vec<Place> = targets.chain(gates).filter_map(|exit| Place::of(plan, &exit)).collect();
    // Queues exist for transfers and campaigns too: what they lead to is reachable.
    open.extend(plan.queues.keys().map(|queue| Place::Queue(*queue)));
    let mut reached = BTreeSet::new();
    while let Some(place) = open.pop() {
        if reached.insert(place) {
            open.extend(place.anywhere(plan));
        }
    }
    reached
}

/// The shortest way from a menu back to it on which nothing is pressed.
fn circle(plan: &Plan, menu: MenuId) -> Option<Vec<Place>> {
    let start = Place::Menu(menu);
    let mut came_from: BTreeMap<Place, Place> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(place) = open.pop_front() {
        for next in place.onward(plan) {
            if next == start {
                let mut path = vec![place];
                while let Some(former) = came_from.get(path.last()?) {
                    path.push(*former);
                }
                path.reverse();
                return Some(path);
            }
            if next != start && !came_from.contains_key(&next) {
                came_from.insert(next, place);
                open.push_back(next);
            }
        }
    }
    None
}
