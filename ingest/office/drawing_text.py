"""The text of what Office programs draw: equations, charts with the values behind them, SmartArt."""

from __future__ import annotations

from lxml import etree

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
# A chart with more points than this is a curve, not a table anyone reads values from.
MAX_CHART_ROWS = 500


def equation_text(node: etree._Element) -> str:
    """An equation on one line: a/b for fractions, x^2 and x_i for scripts, √(x) for roots."""
    tag = node.tag
    if tag == f"{M}t":
        return node.text or ""
    if tag == f"{M}f":
        return f"{_group(node, 'num')}/{_group(node, 'den')}"
    if tag in (f"{M}sSup", f"{M}sSub", f"{M}sSubSup"):
        below, above = _group(node, "sub"), _group(node, "sup")
        return _group(node, "e") + (f"_{below}" if below else "") + (f"^{above}" if above else "")
    if tag in (f"{M}limLow", f"{M}limUpp"):
        return f"{_part(node, 'e')}{'_' if tag.endswith('Low') else '^'}{_group(node, 'lim')} "
    if tag == f"{M}rad":
        return f"{_part(node, 'deg')}√({_part(node, 'e')})"
    if tag == f"{M}nary":
        sign = node.find(f"{M}naryPr/{M}chr")
        below, above = _group(node, "sub"), _group(node, "sup")
        shown = "∫" if sign is None else sign.get(f"{M}val", "∫")
        return shown + (f"_{below}" if below else "") + (f"^{above}" if above else "") + f" {_part(node, 'e')}"
    if tag == f"{M}d":
        marks = node.find(f"{M}dPr")
        opening, closing = ("(", ")") if marks is None else (_mark(marks, "begChr", "("), _mark(marks, "endChr", ")"))
        return opening + ", ".join(equation_text(part) for part in node.iterfind(f"{M}e")) + closing
    return "".join(equation_text(child) for child in node if isinstance(child.tag, str))


def _part(node: etree._Element, tag: str) -> str:
    child = node.find(f"{M}{tag}")
    return "" if child is None else equation_text(child).strip()


def _group(node: etree._Element, tag: str) -> str:
    """A part in brackets unless it is one number or name."""
    text = _part(node, tag)
    return text if not text or text.isalnum() or (text[0] == "(" and text[-1] == ")") else f"({text})"


def _mark(marks: etree._Element, tag: str, default: str) -> str:
    child = marks.find(f"{M}{tag}")
    return default if child is None else child.get(f"{M}val", "")


def chart_table(root: etree._Element) -> tuple[str, list[list[str]]]:
    """Title of a chart part, and its cached values as a table: a column for each series, a row for each category."""
    heading = root.find(f"{C}chart/{C}title")
    title = "" if heading is None else "".join(node.text or "" for node in heading.iter(f"{A}t", f"{C}v"))
    names: list[str] = []
    columns: list[dict[int, str]] = []
    categories: dict[int, str] = {}
    for series in root.iter(f"{C}ser"):
        label = series.find(f"{C}tx")
        names.append("" if label is None else " ".join(node.text or "" for node in label.iter(f"{C}v")))
        for tag in ("cat", "xVal"):
            for place, text in _points(series.find(f"{C}{tag}")).items():
                categories.setdefault(place, text)
        values = _points(series.find(f"{C}val"))
        columns.append(values or _points(series.find(f"{C}yVal")))
    places = sorted(set(categories).union(*columns))[:MAX_CHART_ROWS]
    rows = [[categories.get(i, ""), *(column.get(i, "") for column in columns)] for i in places]
    return title.strip(), [["", *names], *rows] if rows else []


def _points(data: etree._Element | None) -> dict[int, str]:
    """The cached points of one data source by place; of several levels of categories, the one nearest the axis."""
    found: dict[int, str] = {}
    if data is None:
        return found
    level = data.find(f".//{C}lvl")
    for point in (data if level is None else level).iter(f"{C}pt"):
        place, text = point.get("idx", ""), point.findtext(f"{C}v", "")
        if place.isdecimal():
            found.setdefault(int(place), _plain_number(text))
    return found


def _plain_number(text: str) -> str:
    """A cached number without the tail that binary fractions leave (0.30000000000000004)."""
    try:
        return f"{float(text):.12g}" if len(text) > 14 and "." in text else text
    except ValueError:
        return text


def diagram_items(root: etree._Element) -> list[str]:
    """The texts of a SmartArt diagram in the order of its data."""
    items = ("".join(node.text or "" for node in point.iter(f"{A}t")) for point in root.iter(f"{DGM}pt"))
    return [item.strip() for item in items if item.strip()]
