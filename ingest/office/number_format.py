"""Shows a number as its spreadsheet cell does: percent, thousands, decimals, leading zeros, currency and unit.

After ECMA-376 part 1, 18.8.30 and 18.8.31 (numFmts). Left as they are: fractions, powers of ten, conditions. A negative
number always carries a minus sign, whatever the cell draws instead (red, brackets, ▲), so that it can be compared.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

# Formats that every program knows by number; 5 to 8 and 41 to 44 add the currency sign of the machine's region.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "#,##0", 6: "#,##0", 7: "#,##0.00", 8: "#,##0.00",
    9: "0%", 10: "0.00%", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00",
    41: "#,##0", 42: "#,##0", 43: "#,##0.00", 44: "#,##0.00",
}  # fmt: skip
_DIGITS = Context(prec=1000)  # of a result: a number has up to 309 before the point, a format up to 255 characters
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|([#0?][#0?,.]*)|(.)', re.DOTALL)


def plain_number(value: float) -> str:
    """A number without a format: at most the 15 digits that a spreadsheet keeps."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else f"{value:.15g}"


def show_number(value: float, code: str) -> str:
    """`value` under the format `code` ("#,##0.0%"); a code that is not of the simple kind leaves it plain."""
    parts = _read(code)
    if parts is None or not math.isfinite(value):
        return plain_number(value)
    before, runs, after, percents = parts
    whole, _, fraction = runs[-1].partition(".")
    scaled = Decimal(repr(float(value))) * 100**percents
    if "." not in "".join(runs[:-1]):
        kept = whole.rstrip(",")
        tail = len(whole) - len(kept) + len(fraction) - len(fraction.rstrip(","))
        scaled, whole, fraction = scaled / 1000**tail, kept, fraction.rstrip(",")
    places = len(fraction)
    rounded = abs(scaled).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _DIGITS)
    digits, _, decimals = f"{rounded:f}".partition(".")
    least = fraction.rstrip("#?")
    decimals = decimals[: len(least)] + decimals[len(least) :].rstrip("0")
    masks = [*runs[:-1], whole]
    digits = digits.zfill(sum(mask.count("0") for mask in masks)) if digits != "0" or "0" in "".join(masks) else ""
    if len(runs) > 1:
        shown = _fill(masks, digits)
    elif "," in whole:
        shown = re.sub(r"(?<=\d)(?=(\d{3})+$)", ",", digits)
    else:
        shown = digits
    sign = "-" if scaled < 0 and rounded else ""
    return f"{sign}{before}{shown}{'.' + decimals if decimals else ''}{after}".strip()


@lru_cache(maxsize=512)
def _read(code: str) -> tuple[str, tuple[str, ...], str, int] | None:
    """Text before the digits, the runs of digit places, text after them, how often the number counts by the hundred.

    Runs parted by a literal ("000-0000") are kept with it: every run but the first starts with what is before it.
    """
    before, after, percents = "", "", 0
    runs: list[str] = []
    for quoted, escaped, currency, places, sign in _TOKEN.findall(re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', code)[0]):
        if places:
            runs.append(after + places if runs else places)
            after = ""
            continue
        if sign and (sign.isalpha() or sign in "@/"):
            return None  # General, dates, powers of ten, fractions, text
        percents += sign == "%"
        literal = quoted or escaped or currency or sign
        if runs:
            after += literal
        else:
            before += literal
    return (before.lstrip("-("), tuple(runs), after.rstrip(")"), percents) if runs else None


def _fill(masks: list[str], digits: str) -> str:
    """Digits laid into masks such as ("000", "-0000"), from the right; what is too much goes to the left."""
    shown = ""
    for place, mask in enumerate(reversed(masks)):
        count = sum(mask.count(sign) for sign in "0#?")
        first = place == len(masks) - 1
        taken, digits = ("" if first else digits[:-count], digits if first else digits[-count:])
        shown = mask.rstrip("0#?,") + digits + shown
        digits = taken
    return shown
