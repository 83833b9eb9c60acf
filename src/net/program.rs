//! The program by which the kernel sorts the datagrams of a UDP listener: those of known addresses to its first socket,
//! all others to its second (classic BPF, `SO_ATTACH_REUSEPORT_CBPF` in socket(7)).
//!
//! Addresses are looked up by bisection, so a thousand of them cost a datagram some twenty instructions. An IPv4
//! address is compared whole. Of an IPv6 address a keyed hash of 31 bits is: nobody can choose an address with the same
//! hash, and who has one by chance only waits in the other queue, since his standing is looked up again when he is read.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};

use libc::sock_filter;

/// The key of the hash of IPv6 addresses: one a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct HashKey([u32; 4]);

impl HashKey {
    /// A random one.
    pub(super) fn random() -> Self {
        let chance = RandomState::new();
        let word = |number: u32| {
            let bits = chance.hash_one(number);
            // Odd, so that multiplying loses nothing.
            (bits ^ (bits >> 32)) as u32 | 1
        };
        Self([word(0), word(1), word(2), word(3)])
    }

    /// The same as the instructions of `hash_of_source`.
    fn hash(self, address: Ipv6Addr) -> u32 {
        let octets = address.octets();
        let words = octets.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
        let mixed = words.zip(self.0).fold(0_u32, |hash, (word, key)| {
            let hash = hash ^ word;
            (hash ^ (hash >> HASH_SHIFT)).wrapping_mul(key)
        });
        mixed >> 1
    }
}

/// The program that returns `KNOWN` for these addresses and `STRANGERS` for others.
pub(super) fn program(known: &[IpAddr], key: HashKey) -> Vec<sock_filter> {
    let mut four = BTreeSet::new();
    let mut six = BTreeSet::new();
    for address in known {
        match address.to_canonical() {
            IpAddr::V4(address) => drop(four.insert(address.to_bits())),
            IpAddr::V6(address) => drop(six.insert(key.hash(address))),
        }
    }
    let (four, six): (Vec<u32>, Vec<u32>) = (four.into_iter().collect(), six.into_iter().collect());
    let of_four = search_of_four(&four);
    // A listener on `::` gets both versions: the first four bits of a datagram say which (RFC 791 3.1, RFC 8200 3).
    let mut program = vec![load(LD_BYTE, 0), operate(RSH, 4), jump_if(JEQ, 6, 0, 1), always(of_four.len())];
    program.extend(of_four);
    program.extend(hash_of_source(key));
    program.extend(search(&six));
    program
}

/// Where a datagram goes: the number of the socket, in the order in which they were bound.
const KNOWN: u32 = 0;
const STRANGERS: u32 = 1;

/// The kernel turns a comparison with 2^31 or more into two instructions, and bounds their number: so the upper half of
/// the addresses is searched without its first bit.
fn search_of_four(addresses: &[u32]) -> Vec<sock_filter> {
    let (lower, upper) = addresses.split_at(addresses.partition_point(|address| *address < FIRST_BIT));
    let upper: Vec<u32> = upper.iter().map(|address| address ^ FIRST_BIT).collect();
    let (lower, upper) = (search(lower), search(&upper));
    let mut part = vec![load(LD_WORD, SOURCE_OF_FOUR), jump_if(JGE, FIRST_BIT, 0, 1), always(lower.len())];
    part.extend(lower);
    part.push(operate(AND, !FIRST_BIT));
    part.extend(upper);
    part
}

/// The hash of the source address, in the accumulator.
fn hash_of_source(key: HashKey) -> Vec<sock_filter> {
    let mut part = vec![operate(LD_NUMBER, 0), operate(TAX, 0)];
    for (word, key) in (0..).zip(key.0) {
        part.extend([
            load(LD_WORD, SOURCE_OF_SIX + 4 * word),
            operate(XOR_X, 0),
            operate(TAX, 0),
            operate(RSH, HASH_SHIFT),
            operate(XOR_X, 0),
            operate(MUL, key),
            operate(TAX, 0),
        ]);
    }
    part.push(operate(RSH, 1));
    part
}

/// Looks the accumulator up among these numbers, which ascend, and returns.
fn search(numbers: &[u32]) -> Vec<sock_filter> {
    if numbers.len() <= LEAF_MAX {
        let left = |index: usize| u8::try_from(numbers.len() - index).unwrap_or(u8::MAX);
        let mut leaf: Vec<_> =
            numbers.iter().enumerate().map(|(index, number)| jump_if(JEQ, *number, left(index), 0)).collect();
        leaf.extend([operate(RETURN, STRANGERS), operate(RETURN, KNOWN)]);
        return leaf;
    }
    let (lower, upper) = numbers.split_at(numbers.len() / 2);
    let lower = search(lower);
    let middle = upper.first().copied().unwrap_or(u32::MAX);
    let mut part = vec![jump_if(JGE, middle, 0, 1), always(lower.len())];
    part.extend(lower);
    part.extend(search(upper));
    part
}

/// Loads from the header of the network layer, wherever the datagram begins.
fn load(code: u32, offset: u32) -> sock_filter {
    operate(code, libc::SKF_NET_OFF.cast_unsigned() + offset)
}

fn operate(code: u32, number: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k: number }
}

/// Goes `then` instructions further if the comparison holds, else `otherwise`.
fn jump_if(code: u32, number: u32, then: u8, otherwise: u8) -> sock_filter {
    sock_filter { code: code as u16, jt: then, jf: otherwise, k: number }
}

/// Goes so many instructions further.
fn always(further: usize) -> sock_filter {
    operate(libc::BPF_JMP | libc::BPF_JA, u32::try_from(further).unwrap_or(u32::MAX))
}

const LD_BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
const LD_WORD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const LD_NUMBER: u32 = libc::BPF_LD | libc::BPF_IMM;
const RSH: u32 = libc::BPF_ALU | libc::BPF_RSH | libc::BPF_K;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
const MUL: u32 = libc::BPF_ALU | libc::BPF_MUL | libc::BPF_K;
const XOR_X: u32 = libc::BPF_ALU | libc::BPF_XOR | libc::BPF_X;
const TAX: u32 = libc::BPF_MISC | libc::BPF_TAX;
const JEQ: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const JGE: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

/// Of the source address in a header of version 4 (RFC 791 3.1).
const SOURCE_OF_FOUR: u32 = 12;
/// Of the source address in a header of version 6 (RFC 8200 3).
const SOURCE_OF_SIX: u32 = 8;
const FIRST_BIT: u32 = 1 << 31;
/// Brings the upper half of a word, which multiplying moves out of it, to the lower.
const HASH_SHIFT: u32 = 16;
/// Numbers that are compared one by one: few enough that it costs no more than bisection, which takes two instructions.
const LEAF_MAX: usize = 8;
