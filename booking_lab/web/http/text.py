"""Checks of texts: names that look the same have to be the same text.

Otherwise one customer could have two names that nobody can tell apart. So invisible characters are
refused, except where a script needs them, and so is text that is not in normal form C. Nothing is
corrected silently: a client has to find a name again as it was sent.
"""

from __future__ import annotations

import unicodedata

#: Categories: control, format, surrogate, private use, line separator, paragraph separator.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
#: Invisible letters and marks: Hangul fillers, Khmer inherent vowels, a grapheme joiner.
_FILLERS = set("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u034f")
#: Joiners that Persian, Sinhala and other scripts need within words.
_JOINERS = set("\u200c\u200d")
#: Variation selectors: they choose a form of the ideograph, caseless letter or symbol before them.
_SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E), 0x180F}
_HAVE_FORMS = {"Lo", "Po", "Sm", "So"}
#: Code points that Unicode reserves for further invisible characters.
_RESERVED = {0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)} - _SELECTORS
#: Symbols without ink: the empty Braille pattern and a null note.
_BLANKS = set("\u2800\U0001d159")


def problem_with_text(text: str) -> str:
    """Return the reason to refuse a text of any field; empty: there is none."""
    if text.isascii() and text.isprintable():
        return ""
    for place, char in enumerate(text):
        if _is_invisible(char) and not _is_needed(text, place):
            return f"U+{ord(char):04X} is invisible, and a text can't have it there"
    if not unicodedata.is_normalized("NFC", text):
        return "it is not in Unicode's normal form C, in which a letter and its accent are one"
    return ""


def checked_name(text: str) -> str:
    """Check that ``text`` can be a name, and return it.

    Raises:
        ValueError: the text has no visible character, or begins or ends with a blank, or
            ``problem_with_text`` has a reason to refuse it.
    """
    if fault := problem_with_text(text):
        raise ValueError(fault)
    if not any(_has_ink(char) for char in text):
        raise ValueError("it has no visible character")
    if _is_blank(text[0]) or _is_blank(text[-1]):
        raise ValueError("it begins or ends with a blank")
    return text


def _is_invisible(char: str) -> bool:
    code = ord(char)
    if code in _SELECTORS or code in _RESERVED or _is_no_character(code):
        return True
    return unicodedata.category(char) in _INVISIBLE or char in _FILLERS


def _is_no_character(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _is_needed(text: str, place: int) -> bool:
    if ord(text[place]) in _SELECTORS:
        return bool(place) and unicodedata.category(text[place - 1]) in _HAVE_FORMS
    return text[place] in _JOINERS and _within_word(text, place)


def _within_word(text: str, place: int) -> bool:
    around = text[place - 1 : place] + text[place + 1 : place + 2]
    letters = [one for one in around if unicodedata.category(one)[0] in "LM"]
    return len(letters) == 2 and not _FILLERS & set(letters)


def _is_blank(char: str) -> bool:
    return unicodedata.category(char)[0] == "Z" or char in _BLANKS


def _has_ink(char: str) -> bool:
    return unicodedata.category(char)[0] not in "MZ" and char not in _BLANKS
