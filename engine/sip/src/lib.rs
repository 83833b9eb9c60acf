//! SIP as values and machines: transactions, dialogs, INVITE sessions, registrar.
//! It never opens a socket, reads a clock or draws a random number of its own.

pub mod transaction;
