//! What each feature of a complete greeting says, in hundredths of the logarithm of the odds that it is a machine.
//! Made by tools/train-detection.py: do not edit.

use crate::judge::Steps;

/// What is said before any feature is known.
pub(crate) const BASE: i32 = -27;
/// From here on it is called a machine.
pub(crate) const MACHINE_FROM: i32 = 218;
/// What takes less time, a person may say as well, ms.
pub(crate) const SHORTEST_MS: u64 = 1_600;
/// From the answer to the first word.
pub(crate) const LEAD_MS: Steps<3, 4> = Steps { below: [400, 700, 1_000], points: [-101, -6, 21, 87] };
/// The longest phrase.
pub(crate) const LONGEST_MS: Steps<7, 8> =
    Steps { below: [800, 1_200, 1_600, 2_000, 2_400, 2_800, 3_400], points: [22, 18, 7, 17, 15, -7, -25, -47] };
/// The first phrase.
pub(crate) const OPENING_MS: Steps<8, 9> =
    Steps { below: [300, 500, 700, 900, 1_200, 1_600, 2_000, 2_600], points: [-64, -64, -42, -30, 13, 37, 47, 50, 55] };
/// The longest pause.
pub(crate) const PAUSE_MS: Steps<9, 10> =
    Steps { below: [160, 220, 280, 340, 400, 480, 560, 660, 800], points: [-73, -68, -31, 3, 32, 56, 49, 32, 6, -6] };
/// A pause, on average.
pub(crate) const MEAN_PAUSE_MS: Steps<10, 11> = Steps {
    below: [160, 190, 220, 250, 280, 320, 370, 430, 500, 600],
    points: [-69, -64, -47, -16, 4, 28, 61, 66, 40, 11, -13],
};
/// Syllables, about.
pub(crate) const SYLLABLES: Steps<9, 10> =
    Steps { below: [11, 13, 15, 17, 19, 21, 23, 25, 28], points: [-107, -74, -48, -14, -11, -1, 13, 52, 80, 110] };
/// How much of the voice was lower than its end, percent.
pub(crate) const ENDING: Steps<7, 8> =
    Steps { below: [5, 10, 20, 30, 45, 60, 80], points: [73, 55, 33, 9, -20, -41, -67, -42] };
/// The same of the highest end of a sentence.
pub(crate) const HIGHEST_ENDING: Steps<7, 8> =
    Steps { below: [5, 10, 20, 30, 45, 60, 80], points: [52, 43, 14, -21, -27, -26, -31, -3] };
/// From the first word to the last.
pub(crate) const SPAN_MS: Steps<8, 9> = Steps {
    below: [2_000, 2_400, 2_800, 3_200, 3_600, 4_200, 5_000, 6_000],
    points: [-7, -2, 14, 24, 13, -5, -7, -14, -17],
};
/// Words, where they are surely heard.
pub(crate) const WORDS: [i16; 190] = [
    // en
    1,    // available
    -24,  // unavailable
    -77,  // message
    126,  // leave
    312,  // mailbox
    63,   // number
    152,  // call
    73,   // called
    45,   // calling
    237,  // why_calling
    79,   // your_call
    160,  // dialed
    44,   // customer
    223,  // subscriber
    183,  // the_person
    -16,  // in_service
    62,   // disconnected
    132,  // no_longer
    300,  // you_have
    279,  // reach
    115,  // is_not
    143,  // cannot
    248,  // has_been
    -24,  // try_again
    123,  // try
    -94,  // later
    135,  // please
    -84,  // sorry
    -50,  // at_this_time
    325,  // goodbye
    22,   // thank_you
    -137, // for_calling
    366,  // press
    155,  // option
    152,  // extension
    305,  // operator
    -35,  // hold
    234,  // record
    87,   // your_name
    218,  // state
    130,  // tone
    53,   // accept
    176,  // full
    162,  // exist
    356,  // switched_off
    43,   // busy
    133,  // hang_up
    259,  // check
    -103, // welcome
    109,  // closed
    341,  // connect
    43,   // see_if
    -13,  // set_up
    159,  // phone
    154,  // network
    160,  // lines
    38,   // changed
    145,  // text
    124,  // dial
    81,   // english
    27,   // sales
    -42,  // call_back
    39,   // minutes
    -228, // hello
    -373, // hi
    -281, // yes
    -372, // speaking
    -288, // how_can_i
    -33,  // help
    -79,  // what_can_i
    -396, // good_morning
    -34,  // who
    -56,  // this_is
    -309, // my_name
    -277, // hear_me
    -165, // moment
    -343, // go_ahead
    -63,  // want
    -302, // how_are_you
    // es
    13,   // available
    4,    // unavailable
    -102, // message
    13,   // leave
    260,  // mailbox
    77,   // number
    231,  // call
    42,   // calling
    106,  // try_again
    160,  // dialed
    115,  // customer
    205,  // the_person
    5,    // in_service
    40,   // is_not
    -10,  // cannot
    -2,   // later
    57,   // please
    -27,  // sorry
    -26,  // at_this_time
    294,  // goodbye
    9,    // thank_you
    358,  // press
    123,  // option
    161,  // extension
    301,  // operator
    122,  // hold
    203,  // record
    94,   // your_name
    173,  // state
    264,  // why_calling
    -62,  // who_calls
    94,   // tone
    75,   // accept
    170,  // full
    164,  // exist
    317,  // switched_off
    67,   // busy
    257,  // check
    -53,  // welcome
    125,  // closed
    253,  // connect
    15,   // see_if
    188,  // phone
    133,  // lines
    59,   // sales
    -163, // hello
    -184, // yes
    -265, // speaking
    -265, // how_can_i
    -33,  // help
    -353, // good_morning
    -60,  // who
    -169, // this_is
    -246, // hear_me
    -151, // want
    // pt
    49,   // available
    33,   // unavailable
    -132, // message
    17,   // leave
    245,  // mailbox
    107,  // number
    184,  // call
    56,   // calling
    28,   // try_again
    139,  // dialed
    150,  // customer
    206,  // the_person
    11,   // in_service
    86,   // is_not
    -7,   // cannot
    -80,  // later
    145,  // please
    -21,  // sorry
    -65,  // at_this_time
    305,  // goodbye
    -6,   // thank_you
    -178, // for_calling
    365,  // press
    118,  // option
    169,  // extension
    299,  // operator
    150,  // hold
    192,  // record
    37,   // your_name
    222,  // state
    279,  // why_calling
    21,   // who_calls
    125,  // tone
    99,   // accept
    168,  // full
    156,  // exist
    305,  // switched_off
    59,   // busy
    257,  // check
    -52,  // welcome
    94,   // closed
    233,  // connect
    17,   // see_if
    202,  // phone
    132,  // lines
    69,   // sales
    -221, // hello
    -151, // yes
    -284, // speaking
    -246, // how_can_i
    -28,  // help
    -335, // good_morning
    -62,  // who
    -145, // this_is
    -238, // hear_me
    -109, // want
];
