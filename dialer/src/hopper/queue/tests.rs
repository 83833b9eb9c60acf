//! Order, mix, at most once, pages.

use core::time::Duration;

use super::super::numbers::NumberHistory;
use super::super::source::PAGE;
use super::*;

const NOW: WallTime = WallTime::from_micros(1_000_000_000);

fn list(list: u128, share: u8) -> (ListShare, Option<WallTime>) {
    (ListShare { list: ListId(list), share }, None)
}

fn lead(list: u128, place: u64) -> Lead {
    let number = (format!("+4420{list}{place:07}"), NumberHistory::default());
    Lead {
        id: LeadId(list * 1_000_000 + u128::from(place)),
        list: ListId(list),
        place,
        numbers: vec![number],
        ..Lead::default()
    }
}

/// Answers whatever is asked, from lists of so many leads that nobody ever tried.
fn fill(hopper: &mut Hopper, sizes: &[(u128, u64)], now: WallTime) {
    let mut rng = Rng::new(7);
    while let Some(wanted) = hopper.wanted(now) {
        let size = sizes.iter().find(|(list, _)| ListId(*list) == wanted.list).map_or(0, |(_, size)| *size);
        let id = wanted.list.0;
        let limit = usize::from(wanted.limit);
        let leads: Vec<Lead> = match wanted.what {
            What::NewAfter { place } => {
                (1..=size).filter(|at| Some(*at) > place).take(limit).map(|at| lead(id, at)).collect()
            }
            What::NewBefore { place } => (1..=size)
                .rev()
                .filter(|at| place.is_none_or(|place| *at < place))
                .take(limit)
                .map(|at| lead(id, at))
                .collect(),
            What::Tried { .. } | What::DoneBefore { .. } | What::Denied { .. } | What::One { .. } => Vec::new(),
        };
        hopper.page(Page { wanted, leads: Some(leads), stock: Stock::Whole, looked_to: None }, now, &mut rng);
    }
}

fn places(hopper: &mut Hopper, count: usize, now: WallTime) -> Vec<(u128, u64)> {
    let take = |_| {
        let taken = hopper.take(now, |_| true)?;
        let lead = hopper.lead(taken.lead)?;
        Some((lead.list.0, lead.place))
    };
    (0..count).map_while(take).collect()
}

#[test]
fn lists_come_in_order_or_by_their_shares() {
    let mut hopper = Hopper::new(&[list(1, 0), list(2, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    fill(&mut hopper, &[(1, 2), (2, 2)], NOW);
    assert_eq!(places(&mut hopper, 9, NOW), [(1, 1), (1, 2), (2, 1), (2, 2)]);
    let mut hopper = Hopper::new(&[list(1, 75), list(2, 25)], Mix::Shares, LeadOrder::NewestFirst);
    fill(&mut hopper, &[(1, 1_000), (2, 3)], NOW);
    let first = places(&mut hopper, 8, NOW);
    assert_eq!(first.iter().filter(|(list, _)| *list == 1).count(), 6, "{first:?}");
    assert!(first.contains(&(1, 1_000)) && first.contains(&(2, 3)), "the newest first: {first:?}");
    let rest = places(&mut hopper, 100, NOW);
    assert_eq!(rest.iter().filter(|(list, _)| *list == 2).count(), 1, "what ran dry leaves its share to the other");
}

#[test]
fn callbacks_come_before_retries_before_new() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    fill(&mut hopper, &[(1, 5)], NOW);
    let taken: Vec<LeadId> = (0..3).map(|_| hopper.take(NOW, |_| true).unwrap().lead).collect();
    let soon = NOW + Duration::from_secs(60);
    hopper.book(taken[0], Booked::Retry(soon));
    hopper.book(taken[1], Booked::Callback(soon, None));
    hopper.book(taken[2], Booked::Callback(soon, Some(AgentId(9))));
    assert_eq!(hopper.take(NOW, |_| true).map(|taken| taken.kind), Some(Kind::New), "nothing is due yet");
    let kinds: Vec<Kind> = (0..3).filter_map(|_| hopper.take(soon, |_| false)).map(|taken| taken.kind).collect();
    assert_eq!(kinds, [Kind::Callback(None), Kind::Retry, Kind::New], "agent 9 is busy");
    assert_eq!(hopper.take(soon, |_| true).map(|taken| taken.kind), Some(Kind::Callback(Some(AgentId(9)))));
    assert_eq!(hopper.take(soon, |_| true), None);
}

#[test]
fn a_callback_that_is_one_agents_own_waits_for_him_and_is_handed_over_at_last() {
    let hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    let mut hopper = hopper.handing_over(Duration::from_secs(3_600));
    fill(&mut hopper, &[(1, 1)], NOW);
    let lead = hopper.take(NOW, |_| true).unwrap().lead;
    let (his, due) = (AgentId(9), NOW + Duration::from_secs(60));
    hopper.book(lead, Booked::Callback(due, Some(his)));
    let late = due + Duration::from_secs(3_599);
    assert_eq!(hopper.take(late, |agent| agent != his), None, "he is away");
    assert_eq!(hopper.overdue(late).collect::<Vec<_>>(), [his]);
    let kept = hopper.clone().take(late, |agent| agent == his).map(|taken| taken.kind);
    assert_eq!(kept, Some(Kind::Callback(Some(his))));
    let over = due + Duration::from_secs(3_600);
    assert_eq!(hopper.take(over, |agent| agent != his), Some(Taken { lead, kind: Kind::Callback(None) }));
}

#[test]
fn what_was_let_go_of_comes_back_by_an_agents_word() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    fill(&mut hopper, &[(1, 1)], NOW);
    let id = hopper.take(NOW, |_| true).unwrap().lead;
    hopper.book(id, Booked::Done(Done::Outcome));
    hopper.bring_back(lead(1, 1), Booked::Done(Done::Disposition));
    assert!(hopper.over(id).is_some() && hopper.is_finished());
    hopper.bring_back(lead(1, 1), Booked::Callback(NOW, None));
    assert!(hopper.over(id).is_none());
    assert_eq!(hopper.take(NOW, |_| true), Some(Taken { lead: id, kind: Kind::Callback(None) }));
}

#[test]
fn what_was_let_go_of_is_not_taken_again_until_the_list_is_reset() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    fill(&mut hopper, &[(1, 1)], NOW);
    let taken = hopper.take(NOW, |_| true).unwrap().lead;
    hopper.dialing(taken, AttemptId(1));
    assert_eq!(hopper.take(NOW, |_| true), None, "at most once in flight");
    assert_eq!(hopper.take_one(taken), None);
    let booked = hopper.ended((taken, ""), Outcome::Refused, NOW, &Recycle::default());
    assert_eq!(booked, Some(Booked::Done(Done::Outcome)));
    assert!(hopper.is_finished());
    // The database has not heard of it yet, and a page brings it once more.
    let wanted = Wanted { list: ListId(1), what: What::NewAfter { place: None }, limit: 10, read: 0 };
    hopper.page(
        Page { wanted, leads: Some(vec![lead(1, 1)]), stock: Stock::Whole, looked_to: None },
        NOW,
        &mut Rng::new(1),
    );
    assert_eq!(hopper.take(NOW, |_| true), None);
    hopper.reset(ListId(1), NOW);
    let wanted = hopper.wanted(NOW + Duration::from_secs(60)).unwrap();
    assert!(matches!(wanted.what, What::DoneBefore { .. }));
    let mut done = lead(1, 1);
    done.booked = Some(Booked::Done(Done::Outcome));
    hopper.page(Page { wanted, leads: Some(vec![done]), stock: Stock::Whole, looked_to: None }, NOW, &mut Rng::new(1));
    assert_eq!(hopper.take(NOW, |_| true).map(|taken| taken.lead), Some(taken));
}

/// Also when the campaign is started anew after the reset, and reads of the database what waits.
#[test]
fn what_waited_for_its_next_try_when_the_list_was_reset_is_new() {
    let reset_at = NOW + Duration::from_secs(60);
    let mut hopper = Hopper::new(&[(list(1, 0).0, Some(reset_at))], Mix::InOrder, LeadOrder::OldestFirst);
    let (later, earlier) = (NOW + Duration::from_secs(90), NOW);
    let tried = |place, booked, last| {
        let mut lead = lead(1, place);
        (lead.booked, lead.tries.last, lead.tries.counted) = (Some(booked), Some((Outcome::Busy, last)), 3);
        lead
    };
    let far = NOW + Duration::from_secs(86_400);
    let leads = vec![
        tried(1, Booked::Retry(far), earlier),
        tried(2, Booked::Retry(far), later),
        tried(3, Booked::Callback(far, None), earlier),
    ];
    let wanted = hopper.wanted(later).unwrap();
    hopper.page(Page { wanted, leads: Some(leads), stock: Stock::Whole, looked_to: None }, later, &mut Rng::new(1));
    let taken = hopper.take(later, |_| true).unwrap();
    assert_eq!((taken.kind, hopper.lead(taken.lead).unwrap().tries.counted), (Kind::New, 0));
    assert_eq!(hopper.take(later, |_| true), None, "what was tried since, and what was agreed, waits");
}

/// A long list of which nearly all was tried is not looked through at once, so that others can be read meanwhile.
#[test]
fn a_page_that_stops_short_of_the_lists_end_is_not_its_last() {
    for order in [LeadOrder::OldestFirst, LeadOrder::NewestFirst] {
        let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, order);
        let mut rng = Rng::new(1);
        let mut answer = |hopper: &mut Hopper, leads: Vec<Lead>, looked_to| {
            let wanted = hopper.wanted(NOW).unwrap();
            hopper.page(Page { wanted, leads: Some(leads), stock: Stock::Whole, looked_to }, NOW, &mut rng);
            wanted.what
        };
        answer(&mut hopper, Vec::new(), None);
        answer(&mut hopper, Vec::new(), Some(5_000));
        assert!(!hopper.is_dry() && !hopper.is_finished(), "{order:?}");
        let goes_on = answer(&mut hopper, vec![lead(1, 5_001)], Some(9_000));
        let place = Some(5_000);
        let expected =
            if order == LeadOrder::NewestFirst { What::NewBefore { place } } else { What::NewAfter { place } };
        assert_eq!(goes_on, expected);
        answer(&mut hopper, Vec::new(), None);
        assert!(hopper.is_dry() || hopper.take(NOW, |_| true).is_some());
        assert_eq!(hopper.wanted(NOW), None, "{order:?}: its end was seen");
    }
}

/// The reset comes while what was tried before a restart is still read, or while a page is under way.
#[test]
fn a_reset_loses_nothing_that_is_still_being_read() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    let (mut rng, later) = (Rng::new(1), NOW + Duration::from_secs(60));
    let empty = |wanted| Page { wanted, leads: Some(Vec::new()), stock: Stock::Whole, looked_to: None };
    let before = hopper.wanted(NOW).unwrap();
    hopper.reset(ListId(1), NOW);
    hopper.page(empty(before), NOW, &mut rng);
    let tried = hopper.wanted(later).unwrap();
    assert_eq!(tried.what, What::Tried { after: None }, "callbacks that were agreed wait there");
    let mut agreed = lead(1, 1);
    agreed.booked = Some(Booked::Callback(later, None));
    hopper.page(
        Page { wanted: tried, leads: Some(vec![agreed]), stock: Stock::Whole, looked_to: None },
        later,
        &mut rng,
    );
    let done = hopper.wanted(later).unwrap();
    assert!(matches!(done.what, What::DoneBefore { .. }), "{done:?}");
    hopper.page(empty(done), later, &mut rng);

    let new = hopper.wanted(later).unwrap();
    assert!(matches!(new.what, What::NewAfter { .. }), "{new:?}");
    hopper.reset(ListId(1), later);
    hopper.page(empty(new), later, &mut rng);
    let again = hopper.wanted(later).map(|wanted| wanted.what);
    assert_eq!(again, Some(What::DoneBefore { reset_at: later, after: None }), "the page is from before the reset");
    assert_eq!(hopper.take(later, |_| true).map(|taken| taken.kind), Some(Kind::Callback(None)));
}

#[test]
fn who_talked_waits_for_the_agents_word() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    fill(&mut hopper, &[(1, 2)], NOW);
    let [first, second] = [0, 1].map(|_| hopper.take(NOW, |_| true).unwrap().lead);
    for lead in [first, second] {
        hopper.ended((lead, ""), Outcome::Connected, NOW, &Recycle::default());
        assert!(matches!(hopper.place(lead), Some(Place::Disposing { .. })));
    }
    let due = NOW + Duration::from_secs(7_200);
    let booked = hopper.disposed(first, LeadAction::Callback, Some((due, None)), NOW);
    assert_eq!(booked, Some(Booked::Callback(due, None)));
    assert!(!hopper.is_finished());
    hopper.expire(NOW + Duration::from_secs(86_400));
    assert!(hopper.over(second).is_some());
    assert_eq!(hopper.take(due, |_| true), Some(Taken { lead: first, kind: Kind::Callback(None) }));
}

#[test]
fn a_page_that_cannot_be_read_is_asked_for_again() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    let wanted = hopper.wanted(NOW).unwrap();
    assert_eq!(hopper.wanted(NOW), None, "once at a time");
    hopper.page(Page { wanted, leads: None, stock: Stock::Whole, looked_to: None }, NOW, &mut Rng::new(1));
    assert_eq!(hopper.wanted(NOW), None);
    assert_eq!(hopper.wanted(NOW + Duration::from_secs(5)), Some(wanted));
    assert!(!hopper.is_ready() && !hopper.is_finished());
}

#[test]
fn leads_that_are_added_are_asked_for_at_once() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    let mut rng = Rng::new(7);
    fill(&mut hopper, &[(1, 1)], NOW);
    assert_eq!((hopper.wanted(NOW), places(&mut hopper, 2, NOW)), (None, vec![(1, 1)]), "it ran dry");
    hopper.look();
    let wanted = hopper.wanted(NOW).expect("it looks again");
    // More come while the page is under way, which does not have them.
    hopper.look();
    hopper.page(Page { wanted, leads: Some(vec![lead(1, 2)]), stock: Stock::Whole, looked_to: None }, NOW, &mut rng);
    fill(&mut hopper, &[(1, 3)], NOW);
    assert_eq!((hopper.wanted(NOW), places(&mut hopper, 3, NOW)), (None, vec![(1, 2), (1, 3)]));
}

/// Whoever waited for his next try when the list was reset is new again; all that was tried is read before anything is
/// dialed, however many they are.
#[test]
fn what_was_tried_before_a_reset_is_read_to_its_end() {
    let reset_at = NOW;
    let mut hopper = Hopper::new(&[(list(1, 0).0, Some(reset_at))], Mix::InOrder, LeadOrder::OldestFirst);
    let (mut rng, mut pages) = (Rng::new(7), 0);
    let count = u64::from(PAGE) * 3;
    while let Some(wanted) = hopper.wanted(NOW) {
        pages += 1;
        let tried = |at: u64| Lead { booked: Some(Booked::Retry(NOW)), ..lead(1, at) };
        let leads = match wanted.what {
            What::Tried { after } => {
                (1..=count).filter(|at| Some(*at) > after).take(wanted.limit.into()).map(tried).collect()
            }
            _ => Vec::new(),
        };
        hopper.page(Page { wanted, leads: Some(leads), stock: Stock::Whole, looked_to: None }, NOW, &mut rng);
    }
    assert!(hopper.is_ready(), "after {pages} pages");
    assert_eq!(hopper.counts().new, usize::from(PAGE) * 3);
}

#[test]
fn a_full_hopper_reads_no_more_until_a_list_is_reset() {
    let mut hopper = Hopper::new(&[list(1, 0)], Mix::InOrder, LeadOrder::OldestFirst);
    hopper.hold_at_most(1);
    fill(&mut hopper, &[(1, 1)], NOW);
    hopper.look();
    assert!(hopper.is_full());
    assert_eq!(hopper.wanted(NOW), None);
    let id = hopper.take(NOW, |_| true).unwrap().lead;
    hopper.book(id, Booked::Done(Done::Outcome));
    assert!(hopper.is_full(), "what was let go of counts as well");
    hopper.reset(ListId(1), NOW);
    assert!(!hopper.is_full());
    assert!(hopper.wanted(NOW).is_some());
}
