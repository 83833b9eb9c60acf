//! What each feature of a complete greeting says, in hundredths of the logarithm of the odds that it is a machine.
//! Made by tools/train-detection.py: do not edit.

use crate::judge::Steps;

/// What is said before any feature is known.
pub(crate) const BASE: i32 = 9;
/// From here on it is called a machine: 172 by the training, why more docs/answer-detection.md says.
pub(crate) const MACHINE_FROM: i32 = 180;
/// What takes less time, a person may say as well, ms.
pub(crate) const SHORTEST_MS: u64 = 1_600;
/// From the answer to the first word.
pub(crate) const LEAD_MS: Steps<3, 4> = Steps { below: [400, 700, 1_000], points: [-106, -8, 27, 87] };
/// The longest phrase.
pub(crate) const LONGEST_MS: Steps<7, 8> =
    Steps { below: [800, 1_200, 1_600, 2_000, 2_400, 2_800, 3_400], points: [12, 11, 9, 11, 24, 5, -27, -45] };
/// The first phrase.
pub(crate) const OPENING_MS: Steps<8, 9> =
    Steps { below: [300, 500, 700, 900, 1_200, 1_600, 2_000, 2_600], points: [-71, -67, -42, -32, -4, 26, 49, 69, 73] };
/// The longest pause.
pub(crate) const PAUSE_MS: Steps<9, 10> = Steps {
    below: [160, 220, 280, 340, 400, 480, 560, 660, 800],
    points: [-58, -48, -35, -1, 31, 60, 45, 34, -1, -27],
};
/// A pause, on average.
pub(crate) const MEAN_PAUSE_MS: Steps<10, 11> = Steps {
    below: [160, 190, 220, 250, 280, 320, 370, 430, 500, 600],
    points: [-65, -55, -35, -11, 8, 37, 61, 49, 26, 2, -18],
};
/// Syllables, about.
pub(crate) const SYLLABLES: Steps<9, 10> =
    Steps { below: [11, 13, 15, 17, 19, 21, 23, 25, 28], points: [-130, -88, -39, -7, 6, 10, 18, 37, 76, 116] };
/// How much of the voice was lower than its end, percent.
pub(crate) const ENDING: Steps<7, 8> =
    Steps { below: [5, 10, 20, 30, 45, 60, 80], points: [63, 43, 20, -6, -37, -44, -40, 0] };
/// The same of the highest end of a sentence.
pub(crate) const HIGHEST_ENDING: Steps<7, 8> =
    Steps { below: [5, 10, 20, 30, 45, 60, 80], points: [48, 47, 20, -9, -26, -34, -34, -12] };
/// From the first word to the last.
pub(crate) const SPAN_MS: Steps<8, 9> = Steps {
    below: [2_000, 2_400, 2_800, 3_200, 3_600, 4_200, 5_000, 6_000],
    points: [-34, -10, 24, 28, 21, 1, -11, -13, -6],
};
/// Words, where they are surely heard.
pub(crate) const WORDS: [i16; 272] = [
    // en
    42,   // available
    27,   // unavailable
    -18,  // message
    -100, // leave
    234,  // mailbox
    16,   // number
    103,  // call
    -61,  // called
    81,   // calling
    216,  // why_calling
    117,  // your_call
    24,   // dialed
    62,   // customer
    101,  // subscriber
    99,   // the_person
    48,   // in_service
    112,  // disconnected
    126,  // no_longer
    161,  // you_have
    107,  // reach
    121,  // is_not
    88,   // cannot
    110,  // has_been
    -3,   // try_again
    139,  // try
    -103, // later
    144,  // please
    -160, // sorry
    -58,  // at_this_time
    252,  // goodbye
    -1,   // thank_you
    -138, // for_calling
    326,  // press
    165,  // option
    138,  // extension
    208,  // operator
    -90,  // hold
    75,   // record
    149,  // your_name
    123,  // state
    207,  // tone
    159,  // accept
    117,  // full
    122,  // exist
    214,  // switched_off
    -35,  // busy
    -4,   // hang_up
    124,  // check
    -118, // welcome
    83,   // closed
    280,  // connect
    94,   // see_if
    33,   // set_up
    188,  // phone
    206,  // network
    217,  // lines
    71,   // changed
    31,   // text
    91,   // dial
    57,   // english
    25,   // sales
    -51,  // call_back
    -11,  // minutes
    -208, // hello
    -347, // hi
    -309, // yes
    -363, // speaking
    -168, // how_can_i
    -5,   // help
    -90,  // what_can_i
    -357, // good_morning
    -23,  // who
    -71,  // this_is
    -304, // my_name
    -243, // hear_me
    -181, // moment
    -142, // go_ahead
    -30,  // want
    -265, // how_are_you
    26,   // you_called
    41,   // is_currently
    -3,   // may_be
    82,   // cannot_be
    6,    // correct
    54,   // request
    98,   // party
    56,   // forwarded
    115,  // digit
    42,   // enter
    4,    // monitored
    34,   // next
    156,  // answered
    62,   // if_you
    -78,  // to_speak
    95,   // our
    72,   // we_are
    -4,   // office
    -14,  // monday
    43,   // assistant
    167,  // before
    -164, // about
    66,   // who_calling
    15,   // identify
    -58,  // ill
    -190, // i_am
    -54,  // i_was
    -124, // he
    -30,  // my
    -71,  // do_not
    -158, // can_you
    -225, // can_i
    -132, // which
    -25,  // wrong
    // es
    103,  // available
    79,   // unavailable
    -51,  // message
    -185, // leave
    206,  // mailbox
    52,   // number
    103,  // call
    48,   // calling
    56,   // try_again
    57,   // dialed
    107,  // customer
    112,  // the_person
    72,   // in_service
    -48,  // is_not
    -46,  // cannot
    -83,  // later
    97,   // please
    -78,  // sorry
    -21,  // at_this_time
    227,  // goodbye
    -20,  // thank_you
    260,  // press
    127,  // option
    132,  // extension
    197,  // operator
    44,   // hold
    85,   // record
    65,   // your_name
    110,  // state
    214,  // why_calling
    44,   // who_calls
    197,  // tone
    153,  // accept
    120,  // full
    143,  // exist
    193,  // switched_off
    7,    // busy
    128,  // check
    -41,  // welcome
    104,  // closed
    222,  // connect
    53,   // see_if
    188,  // phone
    196,  // lines
    38,   // sales
    -188, // hello
    -228, // yes
    -246, // speaking
    -193, // how_can_i
    -36,  // help
    -304, // good_morning
    -55,  // who
    -128, // this_is
    -186, // hear_me
    -137, // want
    11,   // you_called
    68,   // cannot_be
    17,   // correct
    95,   // party
    47,   // forwarded
    69,   // changed
    97,   // digit
    123,  // your_call
    4,    // monitored
    27,   // next
    54,   // if_you
    -62,  // to_speak
    104,  // our
    51,   // we_are
    -20,  // office
    -22,  // monday
    34,   // assistant
    136,  // before
    10,   // identify
    -180, // i_am
    -102, // he
    -77,  // do_not
    -130, // can_you
    -19,  // wrong
    // pt
    90,   // available
    77,   // unavailable
    -67,  // message
    -204, // leave
    218,  // mailbox
    66,   // number
    100,  // call
    71,   // calling
    37,   // try_again
    41,   // dialed
    130,  // customer
    139,  // the_person
    45,   // in_service
    22,   // is_not
    8,    // cannot
    -58,  // later
    140,  // please
    -109, // sorry
    -54,  // at_this_time
    231,  // goodbye
    12,   // thank_you
    -140, // for_calling
    273,  // press
    134,  // option
    126,  // extension
    192,  // operator
    37,   // hold
    86,   // record
    90,   // your_name
    157,  // state
    233,  // why_calling
    48,   // who_calls
    242,  // tone
    163,  // accept
    140,  // full
    146,  // exist
    172,  // switched_off
    5,    // busy
    121,  // check
    -38,  // welcome
    107,  // closed
    221,  // connect
    66,   // see_if
    173,  // phone
    188,  // lines
    51,   // sales
    -224, // hello
    -163, // yes
    -216, // speaking
    -200, // how_can_i
    -48,  // help
    -281, // good_morning
    -68,  // who
    -98,  // this_is
    -187, // hear_me
    -76,  // want
    16,   // you_called
    68,   // cannot_be
    13,   // correct
    89,   // party
    47,   // forwarded
    76,   // changed
    100,  // digit
    115,  // your_call
    4,    // monitored
    25,   // next
    52,   // if_you
    -62,  // to_speak
    79,   // our
    55,   // we_are
    -13,  // office
    -17,  // monday
    35,   // assistant
    138,  // before
    12,   // identify
    -166, // i_am
    -98,  // he
    -66,  // do_not
    -134, // can_you
    -20,  // wrong
];
