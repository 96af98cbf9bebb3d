"""Bytes to text: which encoding a file is written in, and whether that had to be guessed.

In this order: a byte order mark; the escape sequences of ISO-2022-JP; UTF-8 when it is valid; a declared encoding
that reads without errors; else the encoding under which the text is most probable (ingest/texts/letters.py).
charset-normalizer is asked only when none of those gives plausible text (Chinese, Korean, Thai …).
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass

from index.errors import DocumentError
from ingest.texts.letters import likelihood

# The commonest first: each place costs a little (_PLACE), which decides where a text has only a sign or two to go by.
_CANDIDATES = (
    *("cp932", "euc_jp", "cp1252", "cp1250", "cp1251", "iso8859_15", "iso8859_2", "koi8_u", "cp1253", "cp1254"),
    *("cp1257", "iso8859_5", "iso8859_7", "iso8859_9", "cp866", "cp1255", "cp1256", "iso8859_6", "cp850", "mac_roman"),
)
_WIDE = ("utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be")
_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
# What people call them, and the supersets that browsers read instead of the declared ones (WHATWG Encoding Standard).
_NAMES = {"cp932": "CP932", "euc_jp": "EUC-JP", "iso2022_jp": "ISO-2022-JP", "koi8_u": "KOI8-U", "koi8_r": "KOI8-R"}
_LABELS = {
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis", "ms_kanji", "windows-31j", "ms932"), "cp932"),
    **dict.fromkeys(("x-euc-jp", "eucjp", "eucjp-ms", "euc-jp-ms", "cp51932"), "euc_jp"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", "iso8859-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80"), "gb18030"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "euckr"), "cp949"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-2022-jp", "iso2022jp", "csiso2022jp", "cp50220", "cp50221", "cp50222"), "iso2022_jp"),
}
_NOT_TEXT = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "utf_7", "mbcs", "oem"}

# Bytes a guess looks at: more does not change it, and 20 decodings of a large file would take seconds.
_SAMPLE = 1 << 16
_BINARY = 0.08  # share of control characters above which a file is not text; coloured logs have up to 0.03
_FEW = 4  # control characters that say nothing, however short the file
_PLACE = 0.5
# Mean log probability of characters outside ASCII from which a reading is believed: Japanese names reach -9, all other
# text lies well above.
_PLAUSIBLE = {"cp932": -9.5, "euc_jp": -9.5}
_PLAUSIBLE_LETTERS = -7.0
_MIXED = re.compile(r"[A-Za-z][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z]")  # Greek to Arabic glued to Latin letters
_MIXED_WORD = -4.0  # log of how rare that is: accented letters stand there, other scripts do not
_TRUST = 2.0  # how much less likely a character may be under a declared encoding: wrong ones cost 5 and more
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_SPACES = dict.fromkeys(map(ord, "\x0b\x0c\x85\u2028\u2029"), " ")  # line ends to some programs; to us only "\n" is one
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_JIS_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\$\([DOPQ]|\([BJI])")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with "\\n" line ends and no control characters; `guessed` when nothing in the file names its encoding."""

    text: str
    encoding: str
    guessed: bool
    unreadable: int  # characters that could not be read (U+FFFD in the text, or removed as control characters)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the report should say about the reading, as for people."""
        found = []
        if self.guessed:
            found.append(f"encoding guessed as {self.encoding}")
        if self.unreadable:
            share = 100 * self.unreadable / max(1, len(self.text))
            few = "1 character" if self.unreadable == 1 else f"{self.unreadable} characters"
            found.append(f"{share:.0f} % of characters unreadable" if share >= 1 else f"{few} unreadable")
        return tuple(found)


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Text of `data`; `declared` is what a header or a meta tag calls its encoding, believed only if it fits.

    Raises DocumentError when the bytes are not text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _finish(data[len(mark) :].decode(encoding, "replace"), encoding, guessed=False)
    if _JIS_ESCAPE.search(data) and data[:_SAMPLE].isascii():
        return _finish(_decode_jis(data), "iso2022_jp", guessed=False)
    codec = codec_of(declared)
    if b"\x00" in data[:_SAMPLE] or _looks_wide(data[:_SAMPLE]):
        wide = _guess_wide(data)
        if wide:
            return _finish(data.decode(wide, "replace"), wide, guessed=wide != codec)
    if _fits_utf8(data):
        return _finish(data.decode("utf-8", "replace"), "utf_8", guessed=False)
    return _decode_bytes(data, codec)


def codec_of(label: str | None) -> str | None:
    """Python's name for an encoding as files name it, None when there is no such encoding of text."""
    if not label:
        return None
    label = label.strip().strip("\"'").lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name.replace("-", "_")
        b"x".decode(name)
    except UnicodeDecodeError:
        pass  # an encoding of text with more than one byte a character
    except (LookupError, ValueError):
        return None
    return None if name in _NOT_TEXT else _LABELS.get(name, name)


def _fits_utf8(data: bytes) -> bool:
    """Valid, but for a cut end or stray bytes so few that no other encoding would explain the rest."""
    try:
        data.decode("utf-8")
        return True
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for char in text if char > "\x7f") - wrong
    return right >= 20 * wrong


def _looks_wide(sample: bytes) -> bool:
    """UTF-16 of pure Japanese holds no NUL: but then every second byte is mostly 0x30 (kana) and little else."""
    return len(sample) >= 16 and max(sample[0::2].count(0x30), sample[1::2].count(0x30)) > len(sample) // 8


def _guess_wide(data: bytes) -> str | None:
    sample = data[: _SAMPLE & ~3]
    best = max((*_WIDE, "cp932", "cp1252"), key=lambda codec: _score(sample, codec))
    plausible = _score(sample, best) > _PLAUSIBLE["cp932"] * len(_read(sample, best))
    return best if best in _WIDE and plausible else None


def _decode_bytes(data: bytes, declared: str | None) -> Decoded:
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    sample = b"\n".join(lines)[:_SAMPLE]
    scores = {codec: _score(sample, codec) - _PLACE * place for place, codec in enumerate(_CANDIDATES)}
    best = max(scores, key=scores.__getitem__)
    text = _read(sample, best)
    outside = sum(not char.isascii() for char in text)
    mean = (scores[best] - likelihood(Counter(filter(str.isascii, text)))) / max(1, outside)
    plausible = mean > _PLAUSIBLE.get(best, _PLAUSIBLE_LETTERS)
    if declared and declared != "utf_8":
        fits = not plausible or _score(sample, declared) >= scores[best] - _TRUST * outside
        if fits and "\ufffd" not in _read(data, declared):
            return _finish(_read(data, declared), declared, guessed=False)
    if not plausible:
        best = _ask_normalizer(sample) or best
    return _finish(_read(data, best), best, guessed=True)


def _score(data: bytes, codec: str) -> float:
    text = _read(data, codec)
    return likelihood(Counter(text)) + _MIXED_WORD * len(_MIXED.findall(text))


def _read(data: bytes, codec: str) -> str:
    if codec == "iso2022_jp":
        return _decode_jis(data)
    if codec == "euc_jp":
        # The 2004 edition adds what Windows writes in row 13 (①, ㈱): read those with it, and only then.
        text = data.decode("euc_jp", "replace")
        return data.decode("euc_jis_2004", "replace") if "\ufffd" in text else text
    return data.decode(codec, "replace")


def _decode_jis(data: bytes) -> str:
    """ISO-2022-JP by its escape sequences, with the row 13 that mail programs write and Python's codec refuses."""
    parts: list[str] = []
    position, mode = 0, b"(B"
    for match in (*_JIS_ESCAPE.finditer(data), None):
        segment = data[position : match.start() if match else len(data)]
        if mode in (b"$B", b"$@"):
            # A line end ends the two-byte mode even where the writer forgot the escape back.
            head, line_end, tail = segment.partition(b"\n")
            parts.append(_read(bytes(byte | 0x80 if byte > 0x20 else byte for byte in head), "euc_jp"))
            parts.append((line_end + tail).decode("ascii", "replace"))
        elif mode == b"(I":
            parts.append(bytes(byte | 0x80 for byte in segment).decode("cp932", "replace"))
        elif mode in (b"(B", b"(J"):
            parts.append(segment.decode("ascii", "replace"))
        else:
            parts.append((b"\x1b" + mode + segment).decode("iso2022_jp_2004", "replace"))
        if match:
            position, mode = match.end(), match.group()[1:]
    return "".join(parts)


def _ask_normalizer(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=["gb18030", "big5", "cp949", "tis_620", "johab", "cp1258"]).best()
    return found.encoding if found else None


def _finish(text: str, codec: str, *, guessed: bool) -> Decoded:
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_SPACES)
    text = _COLOUR.sub("", text).replace("\ufeff", "").rstrip("\x1a")  # what DOS programs end a file with
    clean, removed = _CONTROL.subn("", text)
    if removed > max(_FEW, _BINARY * len(text)):
        raise DocumentError("This is not text: it is full of control characters.", "Give the file its right extension.")
    return Decoded(clean, _name(codec), guessed, clean.count("\ufffd") + removed)


def _name(codec: str) -> str:
    """What people call a codec of Python's: UTF-8, ISO-8859-2, Windows-1252."""
    name = _NAMES.get(codec) or codec.upper().replace("_", "-").replace("ISO8859", "ISO-8859")
    return re.sub(r"^CP(125\d)$", r"Windows-\1", name)
