"""The words of the Rich Text Format that its reader acts on (RTF specification 1.9.1, appendix B)."""

from __future__ import annotations

# Code pages by a font's \\fcharset; 0 is the page of the machine that wrote the file.
CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
    255: "cp850",
}  # fmt: skip
SYMBOLS = 2  # the charset of fonts whose codes are pictures
# Control words and signs that stand for a character.
WORDS = {
    "tab": " ", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ",
    "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "nestcell": " ", "nestrow": " ",
}  # fmt: skip
SIGNS = {b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\t": " "}
# Groups whose text is not the document's.
SKIPPED = {
    "pict", "objdata", "objclass", "objname", "nonshppict", "sp", "background", "fldinst", "bkmkstart", "bkmkend", "xe",
    "tc", "colortbl", "listtable", "listoverridetable", "revtbl", "rsidtbl", "filetbl", "latentstyles", "generator",
    "colorschememapping", "themedata", "datastore", "template", "private1", "falt", "panose", "keycode", "pn", "upr",
    "nonesttables", "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "atnid", "atndate", "atnref",
    "atrfstart", "atrfend",
}  # fmt: skip
# Shown though they may stand inside of a group that is not: text of shapes, numbers of lists.
SHOWN = {"shptxt": "body", "listtext": "mark", "pntext": "mark"}
MARGINS = {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"}
NOTES = {"footnote", "annotation"} | MARGINS
