//! The machines row by row, as the figures of RFC 3261 17 and RFC 6026 draw them.

use core::time::Duration;

use super::*;
use Effect::{Cancel, Deliver, Resend, Send, SendAck, Set, Terminated, TimedOut, TransportFailed};
use ResponseClass::{Failure, Provisional, Success};

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const T4: Duration = Duration::from_secs(5);
const T1_64: Duration = Duration::from_secs(32);

fn check(what: &str, effects: Effects, wanted: &[Effect]) {
    assert_eq!(effects.as_slice(), wanted, "{what}");
}

mod invite_client {
    use super::*;
    use InviteClientEvent::{Response, Timer, TransportError};
    use InviteClientState as S;
    use TimerName::{A, B, D, M};

    fn in_state(state: S, reliable: bool) -> InviteClient {
        let (mut machine, _) = InviteClient::start(Timing::default(), reliable);
        let path: &[InviteClientEvent] = match state {
            S::Calling => &[],
            S::Proceeding => &[Response(Provisional)],
            S::Accepted => &[Response(Success)],
            S::Completed => &[Response(Failure)],
            S::Terminated => &[TransportError],
        };
        for event in path {
            machine.on(*event);
        }
        assert_eq!(machine.state(), state);
        machine
    }

    #[test]
    fn start() {
        check("udp", InviteClient::start(Timing::default(), false).1, &[Send, Set(B, T1_64), Set(A, T1)]);
        check("tcp", InviteClient::start(Timing::default(), true).1, &[Send, Set(B, T1_64)]);
    }

    #[test]
    fn rows() {
        let rows: &[(S, InviteClientEvent, S, &[Effect])] = &[
            (S::Calling, Timer(A), S::Calling, &[Resend, Set(A, Duration::from_secs(1))]),
            (S::Calling, Timer(B), S::Terminated, &[TimedOut, Terminated]),
            (S::Calling, TransportError, S::Terminated, &[TransportFailed, Terminated]),
            (S::Calling, Response(Provisional), S::Proceeding, &[Cancel(A), Cancel(B), Deliver]),
            (S::Calling, Response(Success), S::Accepted, &[Cancel(A), Cancel(B), Deliver, Set(M, T1_64)]),
            (S::Calling, Response(Failure), S::Completed, &[Cancel(A), Cancel(B), SendAck, Deliver, Set(D, T1_64)]),
            (S::Proceeding, Response(Provisional), S::Proceeding, &[Deliver]),
            (S::Proceeding, Response(Success), S::Accepted, &[Deliver, Set(M, T1_64)]),
            (S::Proceeding, Response(Failure), S::Completed, &[SendAck, Deliver, Set(D, T1_64)]),
            (S::Proceeding, Timer(A), S::Proceeding, &[]),
            (S::Proceeding, Timer(B), S::Proceeding, &[]),
            (S::Accepted, Response(Success), S::Accepted, &[Deliver]),
            (S::Accepted, Response(Provisional), S::Accepted, &[]),
            (S::Accepted, Response(Failure), S::Accepted, &[]),
            (S::Accepted, Timer(M), S::Terminated, &[Terminated]),
            (S::Completed, Response(Failure), S::Completed, &[SendAck]),
            (S::Completed, Response(Success), S::Completed, &[]),
            (S::Completed, Response(Provisional), S::Completed, &[]),
            (S::Completed, Timer(D), S::Terminated, &[Terminated]),
            (S::Completed, TransportError, S::Terminated, &[TransportFailed, Terminated]),
            (S::Terminated, Response(Success), S::Terminated, &[]),
        ];
        for (from, event, to, wanted) in rows {
            let mut machine = in_state(*from, false);
            let what = format!("{from:?} {event:?}");
            check(&what, machine.on(*event), wanted);
            assert_eq!(machine.state(), *to, "{what}");
        }
    }

    #[test]
    fn timer_a_doubles_without_a_ceiling_and_d_is_zero_over_streams() {
        let mut machine = in_state(S::Calling, false);
        for seconds in [1, 2, 4, 8, 16, 32] {
            check("A", machine.on(Timer(A)), &[Resend, Set(A, Duration::from_secs(seconds))]);
        }
        let mut machine = in_state(S::Proceeding, true);
        check("tcp", machine.on(Response(Failure)), &[SendAck, Deliver, Terminated]);
    }
}

mod non_invite_client {
    use super::*;
    use NonInviteClientEvent::{Response, Timer, TransportError};
    use NonInviteClientState as S;
    use TimerName::{E, F, K};

    #[test]
    fn rows() {
        let rows: &[(S, NonInviteClientEvent, S, &[Effect])] = &[
            (S::Trying, Timer(E), S::Trying, &[Resend, Set(E, Duration::from_secs(1))]),
            (S::Trying, Timer(F), S::Terminated, &[TimedOut, Terminated]),
            (S::Trying, TransportError, S::Terminated, &[TransportFailed, Terminated]),
            (S::Trying, Response(Provisional), S::Proceeding, &[Deliver]),
            (S::Trying, Response(Success), S::Completed, &[Cancel(E), Cancel(F), Deliver, Set(K, T4)]),
            (S::Trying, Response(Failure), S::Completed, &[Cancel(E), Cancel(F), Deliver, Set(K, T4)]),
            (S::Proceeding, Timer(E), S::Proceeding, &[Resend, Set(E, T2)]),
            (S::Proceeding, Timer(F), S::Terminated, &[TimedOut, Terminated]),
            (S::Proceeding, TransportError, S::Terminated, &[TransportFailed, Terminated]),
            (S::Proceeding, Response(Provisional), S::Proceeding, &[Deliver]),
            (S::Proceeding, Response(Failure), S::Completed, &[Cancel(E), Cancel(F), Deliver, Set(K, T4)]),
            (S::Completed, Response(Success), S::Completed, &[]),
            (S::Completed, Timer(K), S::Terminated, &[Terminated]),
            (S::Terminated, Response(Success), S::Terminated, &[]),
        ];
        for (from, event, to, wanted) in rows {
            let (mut machine, _) = NonInviteClient::start(Timing::default(), false);
            let path: &[NonInviteClientEvent] = match from {
                S::Trying => &[],
                S::Proceeding => &[Response(Provisional)],
                S::Completed => &[Response(Success)],
                S::Terminated => &[TransportError],
            };
            for step in path {
                machine.on(*step);
            }
            let what = format!("{from:?} {event:?}");
            check(&what, machine.on(*event), wanted);
            assert_eq!(machine.state(), *to, "{what}");
        }
    }

    #[test]
    fn timer_e_doubles_up_to_t2_and_k_is_zero_over_streams() {
        let (mut machine, effects) = NonInviteClient::start(Timing::default(), false);
        check("start", effects, &[Send, Set(F, T1_64), Set(E, T1)]);
        for seconds in [1, 2, 4, 4, 4] {
            check("E", machine.on(Timer(E)), &[Resend, Set(E, Duration::from_secs(seconds))]);
        }
        let (mut machine, effects) = NonInviteClient::start(Timing::default(), true);
        check("start", effects, &[Send, Set(F, T1_64)]);
        check("K", machine.on(Response(Success)), &[Cancel(E), Cancel(F), Deliver, Terminated]);
    }
}

mod invite_server {
    use super::*;
    use InviteServerEvent::{Ack, Invite, Respond, Timer, TransportError};
    use InviteServerState as S;
    use TimerName::{G, H, I, L};

    fn in_state(state: S, reliable: bool) -> InviteServer {
        let (mut machine, effects) = InviteServer::start(Timing::default(), reliable);
        check("start", effects, &[Deliver]);
        let path: &[InviteServerEvent] = match state {
            S::Proceeding => &[],
            S::Accepted => &[Respond(Success)],
            S::Completed => &[Respond(Failure)],
            S::Confirmed => &[Respond(Failure), Ack],
            S::Terminated => &[Respond(Failure), TransportError],
        };
        for event in path {
            machine.on(*event);
        }
        assert_eq!(machine.state(), state);
        machine
    }

    #[test]
    fn rows() {
        let rows: &[(S, InviteServerEvent, S, &[Effect])] = &[
            (S::Proceeding, Invite, S::Proceeding, &[Resend]),
            (S::Proceeding, Ack, S::Proceeding, &[]),
            (S::Proceeding, Respond(Provisional), S::Proceeding, &[Send]),
            (S::Proceeding, Respond(Success), S::Accepted, &[Send, Set(L, T1_64)]),
            (S::Proceeding, Respond(Failure), S::Completed, &[Send, Set(H, T1_64), Set(G, T1)]),
            (S::Proceeding, TransportError, S::Proceeding, &[TransportFailed]),
            (S::Accepted, Invite, S::Accepted, &[]),
            (S::Accepted, Ack, S::Accepted, &[Deliver]),
            (S::Accepted, Respond(Success), S::Accepted, &[Send]),
            (S::Accepted, Respond(Failure), S::Accepted, &[]),
            (S::Accepted, TransportError, S::Accepted, &[TransportFailed]),
            (S::Accepted, Timer(L), S::Terminated, &[Terminated]),
            (S::Completed, Invite, S::Completed, &[Resend]),
            (S::Completed, Timer(G), S::Completed, &[Resend, Set(G, Duration::from_secs(1))]),
            (S::Completed, Timer(H), S::Terminated, &[TimedOut, Terminated]),
            (S::Completed, TransportError, S::Terminated, &[TransportFailed, Terminated]),
            (S::Completed, Respond(Success), S::Completed, &[]),
            (S::Completed, Ack, S::Confirmed, &[Cancel(G), Cancel(H), Set(I, T4)]),
            (S::Confirmed, Ack, S::Confirmed, &[]),
            (S::Confirmed, Invite, S::Confirmed, &[]),
            (S::Confirmed, Timer(I), S::Terminated, &[Terminated]),
            (S::Terminated, Invite, S::Terminated, &[]),
        ];
        for (from, event, to, wanted) in rows {
            let mut machine = in_state(*from, false);
            let what = format!("{from:?} {event:?}");
            check(&what, machine.on(*event), wanted);
            assert_eq!(machine.state(), *to, "{what}");
        }
    }

    #[test]
    fn timer_g_doubles_up_to_t2_and_streams_need_neither_g_nor_i() {
        let mut machine = in_state(S::Completed, false);
        for seconds in [1, 2, 4, 4] {
            check("G", machine.on(Timer(G)), &[Resend, Set(G, Duration::from_secs(seconds))]);
        }
        let mut machine = in_state(S::Proceeding, true);
        check("respond", machine.on(Respond(Failure)), &[Send, Set(H, T1_64)]);
        check("ack", machine.on(Ack), &[Cancel(G), Cancel(H), Terminated]);
    }
}

mod non_invite_server {
    use super::*;
    use NonInviteServerEvent::{Request, Respond, Timer, TransportError};
    use NonInviteServerState as S;
    use TimerName::J;

    #[test]
    fn rows() {
        let rows: &[(S, NonInviteServerEvent, S, &[Effect])] = &[
            (S::Trying, Request, S::Trying, &[]),
            (S::Trying, Respond(Provisional), S::Proceeding, &[Send]),
            (S::Trying, Respond(Failure), S::Completed, &[Send, Set(J, T1_64)]),
            (S::Proceeding, Request, S::Proceeding, &[Resend]),
            (S::Proceeding, Respond(Provisional), S::Proceeding, &[Send]),
            (S::Proceeding, Respond(Success), S::Completed, &[Send, Set(J, T1_64)]),
            (S::Proceeding, TransportError, S::Terminated, &[TransportFailed, Terminated]),
            (S::Completed, Request, S::Completed, &[Resend]),
            (S::Completed, Respond(Success), S::Completed, &[]),
            (S::Completed, TransportError, S::Terminated, &[TransportFailed, Terminated]),
            (S::Completed, Timer(J), S::Terminated, &[Terminated]),
            (S::Terminated, Request, S::Terminated, &[]),
        ];
        for (from, event, to, wanted) in rows {
            let (mut machine, _) = NonInviteServer::start(Timing::default(), false);
            let path: &[NonInviteServerEvent] = match from {
                S::Trying => &[],
                S::Proceeding => &[Respond(Provisional)],
                S::Completed => &[Respond(Success)],
                S::Terminated => &[Respond(Success), TransportError],
            };
            for step in path {
                machine.on(*step);
            }
            let what = format!("{from:?} {event:?}");
            check(&what, machine.on(*event), wanted);
            assert_eq!(machine.state(), *to, "{what}");
        }
    }

    #[test]
    fn over_streams_the_final_response_is_the_end() {
        let (mut machine, effects) = NonInviteServer::start(Timing::default(), true);
        check("start", effects, &[Deliver]);
        check("final", machine.on(Respond(Success)), &[Send, Terminated]);
    }
}
