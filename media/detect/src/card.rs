//! What each feature of a complete greeting says, in hundredths of the logarithm of the odds that it is a machine.
//! Made by tools/train-detection.py: do not edit.

use crate::judge::Steps;

/// What is said before any feature is known.
pub(crate) const BASE: i32 = -23;
/// From here on it is called a machine.
pub(crate) const MACHINE_FROM: i32 = 204;
/// From the answer to the first word.
pub(crate) const LEAD_MS: Steps<3, 4> = Steps { below: [400, 700, 1_000], points: [-101, -11, 20, 92] };
/// The longest phrase.
pub(crate) const LONGEST_MS: Steps<7, 8> =
    Steps { below: [800, 1_200, 1_600, 2_000, 2_400, 2_800, 3_400], points: [-87, -59, -6, 25, 28, 50, 41, 7] };
/// The longest pause.
pub(crate) const PAUSE_MS: Steps<9, 10> = Steps {
    below: [160, 220, 280, 340, 400, 480, 560, 660, 800],
    points: [-113, -100, -50, 7, 48, 89, 83, 53, 10, -26],
};
/// Syllables, about.
pub(crate) const SYLLABLES: Steps<9, 10> =
    Steps { below: [11, 13, 15, 17, 19, 21, 23, 25, 28], points: [-106, -69, -31, 6, 22, 4, 8, 24, 51, 93] };
/// How much of the voice was lower than its end, percent.
pub(crate) const ENDING: Steps<7, 8> =
    Steps { below: [5, 10, 20, 30, 45, 60, 80], points: [135, 117, 60, -12, -62, -100, -103, -36] };
