//! One automaton for every word of the grammar and of the table, built once.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::anchor::{ANCHORS, Anchor};
use crate::rule::Rule;
use crate::table;

/// Room for the words of the table in the array that remembers where each was seen. The building asserts it.
pub(crate) const MOST_WORDS: usize = 2048;

/// No word is longer; the building asserts it.
pub(crate) const LONGEST_WORD: usize = 120;

/// A word that was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    /// Its number: an anchor below [`ANCHORS`]' length, a word of the table above.
    pub(crate) word: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Hit {
    /// The anchor, if it is one.
    pub(crate) fn anchor(self) -> Option<Anchor> {
        ANCHORS.get(usize::from(self.word)).map(|&(_, anchor)| anchor)
    }
}

/// A row of the table in numbers.
pub(crate) struct Compiled {
    pub(crate) rule: &'static Rule,
    pub(crate) conditions: u32,
    /// For each word of the row its alternatives.
    pub(crate) groups: Vec<Vec<u16>>,
    pub(crate) unless: Vec<u16>,
}

/// The table, ready to be asked.
pub(crate) struct Words {
    automaton: AhoCorasick,
    pub(crate) rows: Vec<Compiled>,
    /// The length of each word.
    pub(crate) lengths: Vec<u32>,
    /// Rows to look at when a word was seen, by word.
    pub(crate) keyed: Vec<Vec<u16>>,
    /// Rows without words, which ask only for a status.
    pub(crate) wordless: Vec<u16>,
}

static WORDS: LazyLock<Words> = LazyLock::new(Words::build);

impl Words {
    /// The one instance.
    pub(crate) fn get() -> &'static Words {
        &WORDS
    }

    fn build() -> Words {
        let mut texts: Vec<&'static str> = ANCHORS.iter().map(|&(text, _)| text).collect();
        let mut numbers: HashMap<String, u16> = HashMap::new();
        let mut number = |text: &'static str, texts: &mut Vec<&'static str>| {
            *numbers.entry(text.to_ascii_lowercase()).or_insert_with(|| {
                texts.push(text);
                u16::try_from(texts.len() - 1).expect("MOST_WORDS fits, and is asserted below")
            })
        };
        let rows: Vec<Compiled> = table::rows()
            .map(|rule| Compiled {
                rule,
                conditions: rule.conditions(),
                groups: [rule.any.to_vec()]
                    .into_iter()
                    .chain(rule.words.iter().map(|word| word.split('|').collect()))
                    .filter(|group| !group.is_empty())
                    .map(|group| group.into_iter().map(|text| number(text, &mut texts)).collect())
                    .collect(),
                unless: rule
                    .unless
                    .iter()
                    .flat_map(|word| word.split('|'))
                    .map(|text| number(text, &mut texts))
                    .collect(),
            })
            .collect();
        assert!(texts.len() <= MOST_WORDS, "the table outgrew MOST_WORDS");
        assert!(texts.iter().all(|text| text.len() <= LONGEST_WORD), "a word outgrew LONGEST_WORD");
        let mut keyed = vec![Vec::new(); texts.len()];
        let mut wordless = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let index = u16::try_from(index).expect("the table has fewer rows than words");
            match row.groups.first() {
                None => wordless.push(index),
                Some(key) => key.iter().for_each(|&word| keyed[usize::from(word)].push(index)),
            }
        }
        let lengths =
            texts.iter().map(|text| u32::try_from(text.len()).expect("LONGEST_WORD is small")).collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&texts)
            .expect("words are short and few");
        Words { automaton, rows, lengths, keyed, wordless }
    }

    /// Every word of the grammar and the table in `text`, by where it ends.
    pub(crate) fn find(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::with_capacity(64);
        // `text` is capped by `text::plain`, far below 4 GiB; word numbers are below MOST_WORDS.
        #[expect(clippy::cast_possible_truncation, reason = "see above")]
        hits.extend(self.automaton.find_overlapping_iter(text).map(|found| Hit {
            word: found.pattern().as_u32() as u16,
            start: found.start() as u32,
            end: found.end() as u32,
        }));
        hits
    }
}
