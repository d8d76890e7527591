//! What we know of segments and sets, enough to say in an acknowledgement what is wrong where.
//!
//! Deliberately not the whole standard: a partner's segment that is not described here passes with its characters
//! checked only. Where 4010 and 5010 differ in a length, the longer one is written here; refusing an order over a
//! reference of 31 characters would help nobody. Lengths and types are those of the data element directory.

/// The type of a data element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    An,
    /// A code.
    Id,
    /// A date, `CCYYMMDD`.
    Dt,
    /// A time.
    Tm,
    /// A whole number, perhaps with implied decimals.
    N,
    /// A decimal number.
    R,
    /// A composite; its components are not looked at.
    Composite,
}

/// One place of a segment.
#[derive(Clone, Copy, Debug)]
pub struct ElementRule {
    /// The number in the data element directory.
    pub reference: u16,
    /// Its type.
    pub kind: Kind,
    /// Fewest characters.
    pub length_min: u8,
    /// Most characters.
    pub length_max: u8,
    /// Whether it must be there.
    pub mandatory: bool,
}

/// One segment.
#[derive(Clone, Copy, Debug)]
pub struct SegmentRule {
    /// Its tag.
    pub tag: &'static str,
    /// Its leading elements. More may follow up to `width`, of which we know nothing.
    pub elements: &'static [ElementRule],
    /// How many elements the standard gives it.
    pub width: u8,
    /// Elements that come together or not at all.
    pub pairs: &'static [(u8, u8)],
}

/// One transaction set.
#[derive(Clone, Copy, Debug)]
pub struct SetRule {
    /// Its identifier, such as `850`.
    pub id: &'static str,
    /// The functional group it travels in, such as `PO`.
    pub functional_id: &'static str,
    /// Segments it cannot be without, ST and SE left out.
    pub mandatory: &'static [&'static str],
}

/// Every set we take part in.
pub const SETS: &[SetRule] = &[
    set("850", "PO", &["BEG", "PO1"]),
    set("855", "PR", &["BAK"]),
    set("860", "PC", &["BCH"]),
    set("856", "SH", &["BSN", "HL"]),
    set("810", "IN", &["BIG", "TDS"]),
    set("846", "IB", &["BIA"]),
    set("940", "OW", &["W05", "LX", "W01"]),
    set("945", "SW", &["W06", "LX"]),
    set("943", "AR", &["W06"]),
    set("944", "RE", &["W17"]),
    set("204", "SM", &["B2", "B2A"]),
    set("990", "GF", &["B1"]),
    set("214", "QM", &["B10"]),
    set("997", "FA", &["AK1", "AK9"]),
    set("999", "FA", &["AK1", "AK9"]),
];

/// The rule of a set.
pub fn set_rule(id: &str) -> Option<&'static SetRule> {
    SETS.iter().find(|rule| rule.id == id)
}

/// The rule of a segment, if we know it.
pub fn segment_rule(tag: &[u8]) -> Option<&'static SegmentRule> {
    SEGMENTS.iter().find(|rule| rule.tag.as_bytes() == tag)
}

const fn set(id: &'static str, functional_id: &'static str, mandatory: &'static [&'static str]) -> SetRule {
    SetRule {
        id,
        functional_id,
        mandatory,
    }
}

const fn o(reference: u16, kind: Kind, length_min: u8, length_max: u8) -> ElementRule {
    ElementRule {
        reference,
        kind,
        length_min,
        length_max,
        mandatory: false,
    }
}

const fn m(reference: u16, kind: Kind, length_min: u8, length_max: u8) -> ElementRule {
    ElementRule {
        reference,
        kind,
        length_min,
        length_max,
        mandatory: true,
    }
}

const fn segment(
    tag: &'static str,
    width: u8,
    elements: &'static [ElementRule],
    pairs: &'static [(u8, u8)],
) -> SegmentRule {
    SegmentRule {
        tag,
        elements,
        width,
        pairs,
    }
}

use Kind::{An, Composite, Dt, Id, N, R, Tm};

const QUALIFIER: ElementRule = o(235, Id, 2, 2);
const PRODUCT: ElementRule = o(234, An, 1, 48);

/// By how often they come, because the list is searched from the front.
const SEGMENTS: &[SegmentRule] = &[
    segment(
        "PO1",
        25,
        &[
            o(350, An, 1, 20),
            o(330, R, 1, 15),
            o(355, Id, 2, 2),
            o(212, R, 1, 17),
            o(639, Id, 2, 2),
            QUALIFIER,
            PRODUCT,
            QUALIFIER,
            PRODUCT,
            QUALIFIER,
            PRODUCT,
            QUALIFIER,
            PRODUCT,
            QUALIFIER,
            PRODUCT,
        ],
        &[(6, 7), (8, 9), (10, 11), (12, 13), (14, 15)],
    ),
    segment(
        "PID",
        9,
        &[
            m(349, Id, 1, 1),
            o(750, Id, 2, 3),
            o(559, Id, 2, 2),
            o(751, An, 1, 12),
            o(352, An, 1, 80),
        ],
        &[],
    ),
    segment(
        "PO4",
        18,
        &[o(356, N, 1, 6), o(357, R, 1, 8), o(355, Id, 2, 2)],
        &[(2, 3)],
    ),
    segment(
        "REF",
        4,
        &[m(128, Id, 2, 3), o(127, An, 1, 50), o(352, An, 1, 80)],
        &[],
    ),
    segment(
        "DTM",
        6,
        &[m(374, Id, 3, 3), o(373, Dt, 8, 8), o(337, Tm, 4, 8)],
        &[],
    ),
    segment(
        "N1",
        6,
        &[
            m(98, Id, 2, 3),
            o(93, An, 1, 60),
            o(66, Id, 1, 2),
            o(67, An, 2, 80),
        ],
        &[(3, 4)],
    ),
    segment("N2", 2, &[m(93, An, 1, 60), o(93, An, 1, 60)], &[]),
    segment("N3", 2, &[m(166, An, 1, 55), o(166, An, 1, 55)], &[]),
    segment(
        "N4",
        7,
        &[
            o(19, An, 2, 30),
            o(156, Id, 2, 2),
            o(116, Id, 3, 15),
            o(26, Id, 2, 3),
        ],
        &[],
    ),
    segment("LX", 1, &[m(554, N, 1, 6)], &[]),
    segment(
        "W01",
        21,
        &[
            m(330, R, 1, 15),
            m(355, Id, 2, 2),
            o(438, An, 12, 12),
            QUALIFIER,
            PRODUCT,
            QUALIFIER,
            PRODUCT,
        ],
        &[(4, 5), (6, 7)],
    ),
    segment("G69", 1, &[m(369, An, 1, 45)], &[]),
    segment(
        "G62",
        5,
        &[
            o(432, Id, 2, 2),
            o(373, Dt, 8, 8),
            o(176, Id, 1, 2),
            o(337, Tm, 4, 8),
        ],
        &[(1, 2), (3, 4)],
    ),
    segment(
        "N9",
        7,
        &[
            m(128, Id, 2, 3),
            o(127, An, 1, 50),
            o(369, An, 1, 45),
            o(373, Dt, 8, 8),
        ],
        &[],
    ),
    segment(
        "W05",
        6,
        &[m(473, Id, 1, 1), m(285, An, 1, 22), o(324, An, 1, 22)],
        &[],
    ),
    segment("W66", 10, &[m(146, Id, 2, 2), m(91, Id, 1, 2)], &[]),
    segment("W76", 8, &[m(382, R, 1, 10)], &[]),
    segment(
        "BEG",
        12,
        &[
            m(353, Id, 2, 2),
            m(92, Id, 2, 2),
            m(324, An, 1, 22),
            o(328, An, 1, 30),
            m(373, Dt, 8, 8),
        ],
        &[],
    ),
    segment("CUR", 21, &[m(98, Id, 2, 3), m(100, Id, 3, 3)], &[]),
    segment(
        "PER",
        9,
        &[
            m(366, Id, 2, 2),
            o(93, An, 1, 60),
            o(365, Id, 2, 2),
            o(364, An, 1, 255),
        ],
        &[(3, 4)],
    ),
    segment("CTT", 7, &[m(354, N, 1, 6), o(347, R, 1, 10)], &[]),
    segment(
        "TD5",
        15,
        &[
            o(133, Id, 1, 2),
            o(66, Id, 1, 2),
            o(67, An, 2, 80),
            o(91, Id, 1, 2),
        ],
        &[],
    ),
    segment(
        "AK1",
        3,
        &[m(479, Id, 2, 2), m(28, N, 1, 9), o(480, An, 1, 12)],
        &[],
    ),
    segment(
        "AK2",
        3,
        &[m(143, Id, 3, 3), m(329, An, 4, 9), o(1705, An, 1, 35)],
        &[],
    ),
    segment(
        "AK3",
        4,
        &[
            m(721, Id, 2, 3),
            m(719, N, 1, 10),
            o(447, An, 1, 6),
            o(720, Id, 1, 3),
        ],
        &[],
    ),
    segment(
        "IK3",
        4,
        &[
            m(721, Id, 2, 3),
            m(719, N, 1, 10),
            o(447, An, 1, 6),
            o(620, Id, 1, 3),
        ],
        &[],
    ),
    segment(
        "AK4",
        4,
        &[
            m(0, Composite, 1, 0),
            o(725, N, 1, 4),
            m(723, Id, 1, 3),
            o(724, An, 1, 99),
        ],
        &[],
    ),
    segment(
        "IK4",
        4,
        &[
            m(0, Composite, 1, 0),
            o(725, N, 1, 4),
            m(621, Id, 1, 3),
            o(724, An, 1, 99),
        ],
        &[],
    ),
    segment("AK5", 6, &[m(717, Id, 1, 1), o(718, Id, 1, 3)], &[]),
    segment("IK5", 6, &[m(717, Id, 1, 1), o(618, Id, 1, 3)], &[]),
    segment(
        "AK9",
        9,
        &[
            m(715, Id, 1, 1),
            m(97, N, 1, 6),
            m(123, N, 1, 6),
            m(2, N, 1, 6),
            o(716, Id, 1, 3),
        ],
        &[],
    ),
];
