"""Which texts are taken: those that everybody who sees them would write in the same way.

Two names that differ in nothing that can be seen have to be one, or one customer would be two. So
what can't be seen is refused, but where a script needs it, and so is what Unicode writes in another
way as well. Nothing is put right in silence: who sent a name must find it again as it was sent.
"""

from __future__ import annotations

import unicodedata

#: Control, format, surrogate, private use; separators of lines and paragraphs.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
#: Letters and marks that show nothing: Hangul fillers, Khmer inherent vowels, a grapheme joiner.
_FILLERS = set("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u034f")
#: Persian, Sinhala and others need them within words.
_JOINERS = set("\u200c\u200d")
#: They choose a form of the ideograph, letter without case or symbol before them.
_SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E), 0x180F}
_HAVE_FORMS = {"Lo", "Po", "Sm", "So"}
#: What Unicode keeps for characters that won't be seen, should it ever have more of them.
_RESERVED = {0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)} - _SELECTORS
#: Symbols without ink: the empty Braille pattern and a null note.
_BLANKS = set("\u2800\U0001d159")


def problem_with_text(text: str) -> str:
    """Return what is wrong with a text, whatever it is for; empty: nothing."""
    if text.isascii() and text.isprintable():
        return ""
    for place, char in enumerate(text):
        if _is_invisible(char) and not _is_needed(text, place):
            return f"U+{ord(char):04X} can't be seen and has no place in a text"
    if not unicodedata.is_normalized("NFC", text):
        return "it is not in Unicode's normal form C, in which a letter and its accent are one"
    return ""


def checked_name(text: str) -> str:
    """Return ``text``, which is to be somebody's name.

    Raises:
        ValueError: it shows nothing, or begins or ends with a blank, or see ``problem_with_text``.
    """
    if fault := problem_with_text(text):
        raise ValueError(fault)
    if not any(_has_ink(char) for char in text):
        raise ValueError("it shows nothing")
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
