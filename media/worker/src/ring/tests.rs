//! Rings refuse, keep and drop as documented.

use clock::LegId;

use super::*;

fn metrics() -> Arc<MediaMetrics> {
    Arc::new(MediaMetrics::default())
}

fn close(leg: u64) -> Command {
    Command::Close { leg: LegId(leg) }
}

#[test]
fn a_full_ring_gives_the_command_back_and_counts() {
    let metrics = metrics();
    let (sender, receiver) = order_ring::<()>(Arc::clone(&metrics)).unwrap();
    for leg in 0..COMMAND_RING as u64 {
        assert_eq!(sender.command(close(leg)), Ok(()));
    }
    assert_eq!(sender.command(close(7)), Err(CommandRefused::Full(Box::new(close(7)))));
    assert_eq!(metrics.ring_full.value(), 1);
    drop(receiver);
    assert_eq!(sender.command(close(7)), Err(CommandRefused::Ended));
}

#[test]
fn a_sleeping_thread_is_woken_by_a_command_and_by_the_last_sender_going() {
    let (sender, receiver) = order_ring::<()>(metrics()).unwrap();
    let mut poller = crate::socket::Poller::new().unwrap();
    poller.watch(&receiver, 1).unwrap();
    sender.command(close(1)).unwrap();
    assert_eq!(poller.wait(0), 0, "an awake thread costs no system call");
    receiver.fall_asleep();
    sender.command(close(2)).unwrap();
    assert_eq!(poller.wait(1_000), 1);
    receiver.awake();
    assert_eq!(poller.wait(0), 0, "the wake-up was taken");
    assert!(matches!(receiver.next(), Ok(Some(Order::Command(_)))));
    assert!(matches!(receiver.next(), Ok(Some(Order::Command(_)))));
    assert!(matches!(receiver.next(), Ok(None)));
    receiver.fall_asleep();
    drop(sender);
    assert_eq!(poller.wait(1_000), 1);
    assert!(matches!(receiver.next(), Err(Ended)));
}

#[test]
fn a_slow_receiver_loses_digits_only() {
    let metrics = metrics();
    let (mut sender, mut receiver) = event_ring(Arc::clone(&metrics));
    let total = (EVENT_RING + MAX_KEPT) as u64;
    for leg in 0..total {
        sender.emit(Event::Silent { leg: LegId(leg) });
    }
    assert!(sender.congested());
    sender.emit(Event::Digit { leg: LegId(0), digit: '1' });
    assert_eq!(metrics.digits_dropped.value(), 1);
    assert_eq!(metrics.events_delayed.value(), MAX_KEPT as u64);
    let mut seen = 0;
    while let Some(event) = receiver.try_recv() {
        assert_eq!(event, Event::Silent { leg: LegId(seen) }, "in order");
        seen += 1;
        sender.flush();
    }
    assert_eq!(seen, total);
    assert!(!sender.has_kept());
}
