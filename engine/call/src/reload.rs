//! New rules while calls are up.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::call::Flow;
use crate::plan::Plan;
use crate::shard::Shard;

impl Shard {
    /// The rules from now. Queues and menus that they do not know any more keep their former ones as long as somebody
    /// waits in them: he goes where they say, to the box or to another queue, and is not cut off.
    pub(crate) fn configure(&mut self, mut plan: Arc<Plan>) {
        let (mut queues, mut menus) = (BTreeSet::new(), BTreeSet::new());
        for call in self.calls.values() {
            match &call.flow {
                Flow::Waiting { queue, .. } if !plan.queues.contains_key(queue) => {
                    queues.insert(*queue);
                }
                Flow::Menu { walk, .. } if !plan.menus.contains_key(&walk.menu()) => {
                    menus.insert(walk.menu());
                }
                _ => {}
            }
        }
        if !queues.is_empty() || !menus.is_empty() {
            let kept = Arc::make_mut(&mut plan);
            let former = |id| Some((id, self.plan.queues.get(&id)?.clone()));
            kept.queues.extend(queues.into_iter().filter_map(former));
            let former = |id| Some((id, self.plan.menus.get(&id)?.clone()));
            kept.menus.extend(menus.into_iter().filter_map(former));
        }
        self.plan = plan;
        self.watch_all_hours();
    }
}
