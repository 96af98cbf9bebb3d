"""What the characters of the fonts Symbol and Wingdings show: their codes say nothing."""

from __future__ import annotations

_GREEK = dict(zip("abgdezhqiklmnxoprstufcyw", "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
_SYMBOL = {
    **{ord(latin): greek for latin, greek in _GREEK.items()},
    **{ord(latin.upper()): greek.upper() for latin, greek in _GREEK.items()},
    0xA3: "≤", 0xB3: "≥", 0xB9: "≠", 0xBB: "≈", 0xB1: "±", 0xB4: "×", 0xB8: "÷", 0xA5: "∞", 0xB0: "°", 0xD6: "√",
    0xAC: "←", 0xAE: "→", 0xDE: "⇒", 0xB7: "•", 0xE5: "∑", 0xD2: "®", 0xD3: "©", 0xD4: "™",
}  # fmt: skip
_WINGDINGS = {
    0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐", 0xFC: "✓", 0xFB: "✗", 0x6C: "●", 0x6E: "■", 0x71: "❑", 0xA7: "▪",
    0xD8: "➢", 0xE0: "→", 0xDF: "←", 0xE8: "➔", 0xF0: "⇨", 0x4A: "☺", 0x28: "☎", 0x2A: "✉", 0xAB: "★",
}  # fmt: skip
_WINGDINGS_2 = {0x52: "☑", 0x54: "☒", 0xA3: "☐", 0x50: "✓", 0x4F: "✗"}
_SIGNS = {"wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}


def symbol(font: str, code: str) -> str:
    """The character that `font` draws for `code` (hexadecimal), "" when it is an ornament."""
    try:
        point = int(code, 16)
    except ValueError:
        return ""
    name = font.lower()
    if 0xF000 <= point <= 0xF0FF:
        point -= 0xF000
    if name == "symbol":
        return _SYMBOL.get(point, chr(point) if 0x20 <= point < 0x7F else "")
    if name.startswith(("wingdings", "webdings")):
        return _SIGNS.get(name.removesuffix("-regular"), {}).get(point, "")
    return chr(point) if 0x20 <= point < 0xD800 or 0xF900 <= point < 0xFFFE else ""
