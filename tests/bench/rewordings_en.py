"""English statements from questions and sentences, by rules that know nothing of the checker."""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Iterator
from itertools import pairwise

AUX = r"did|does|do|was|were|is|are|has|have|had|can|could|will|would|should|may|might|must"
WH = r"what|which|who|whom|whose|when|where|why|how"
MONTHS = list(calendar.month_name)[1:]
NUMBER_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
PARTICIPLE = re.compile(
    r"\b(\w+(?:ed|wn|en|lt|ught|ung)|born|built|made|found|held|led|set|put|sent|known|given|taken|used|seen|won|lost|cut|"
    r"met|written|located|based|responsible|able|considered|due|part)\b"
)


def declare(question: str, answer: str) -> str:
    """A question and an answer as one statement: the question word replaced, the auxiliary moved behind the subject."""
    q = question.strip().rstrip("?. ").strip()
    found = re.search(rf"\b({WH})\b", q, re.I)
    if not found:
        return _sentence(f"{q} {answer}")
    before, wh, rest = q[: found.start()], found.group(1).lower(), q[found.end() :].strip()
    if before.strip() and not re.fullmatch(
        r"(?:in|on|at|by|from|to|for|with|of|during|under|into|through|about|after|as)\s*", before, re.I
    ):
        # The question word stands inside: "Sophocles wrote what play".
        tail = re.sub(r"^(?:year|date|day|century|country|city|place|person|many|much|long)\b\s*", "", rest)
        return _sentence(f"{before}{answer} {tail}")
    aux = re.match(rf"(.*?)\b({AUX})\b\s+(.*)$", rest, re.I)
    if wh in ("who", "whom") and not re.match(rf"(?:{AUX})\b", rest, re.I):
        return _sentence(f"{answer} {rest}")
    if not aux:
        tail = re.sub(r"^(?:year|date|city|country|person|many|much)\b", "", rest)
        return _sentence(f"{answer} {tail}")
    head, verb, body = aux.group(1).strip(), aux.group(2).lower(), aux.group(3).strip()
    noun = re.sub(
        r"^(?:year|date|time|day|month|century|city|country|place|people|percentage|type|kind|name|many|much|long|far|old"
        r"|often|large|big)s?\b(?: of\b)?",
        "",
        head,
    ).strip()
    noun = "" if noun and noun.split()[-1].casefold() in answer.casefold() else noun
    value = f"{answer} {noun}".strip()
    lead = before.strip().lower()
    if not lead and wh == "when" and re.match(rf"(?:\d{{4}}|{'|'.join(MONTHS)})", answer):
        lead = "on" if re.search(r"\b\d{1,2}\b", answer) else "in"
    if not lead and wh == "where" and answer[:1].isupper():
        lead = "in"
    value = f"{lead} {value}".strip()
    if (
        head
        and verb in ("is", "are", "was", "were", "has", "have", "had", "can", "will", "may")
        and wh in ("what", "which", "how")
        and not lead
        and not re.match(r"(?:the|a|an|[A-Z])", body)
    ):
        return _sentence(f"{value} {verb} {body}")
    if verb in ("did", "does", "do"):
        return _sentence(f"{body} {value}")
    participle = PARTICIPLE.search(body)
    if participle and participle.start() > 0:
        return _sentence(f"{body[: participle.start()]}{verb} {body[participle.start() :]} {value}")
    return _sentence(f"{body} {verb} {value}")


def answer_to(question: str, answer: str) -> str:
    """A statement that quotes the question."""
    return f"The answer to “{question.strip()}” is {answer}."


FRAMES = ("According to the text, {}", "The passage says that {}", "As the document states, {}", "The source says: {}")


def frame(statement: str, chance: random.Random) -> str:
    """A statement that says where it stands."""
    return chance.choice(FRAMES).format(statement)


def _sentence(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    return text[:1].upper() + text[1:] + "."


def kind_of(answer: str) -> str:
    """number, date, name or phrase."""
    words = re.findall(r"[\w'’-]+", answer)
    if re.search(r"\b1[0-9]{3}\b|\b20[0-2]\d\b", answer) or any(m in answer for m in MONTHS) or "century" in answer:
        return "date"
    if re.search(r"\d", answer) or any(w.lower() in NUMBER_WORDS for w in words):
        return "number"
    content = [w for w in words if w.lower() not in ("the", "a", "an", "of", "and", "in", "for")]
    return "name" if content and all(w[:1].isupper() for w in content) else "phrase"


def spans(passage: str, kind: str) -> list[str]:
    """Spans of the passage that look like this kind."""
    if kind == "date":
        return re.findall(r"\b(?:1[0-9]{3}|20[0-2]\d)\b", passage)
    if kind == "number":
        return re.findall(r"(?<![\w.,])\d[\d,.]*\d\b(?!\s*century)|(?<![\w.,-])\d\b", passage)
    return re.findall(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*", passage)


def changes(sentence: str, passage: str, chance: random.Random) -> Iterator[tuple[str, bool, str]]:
    """(kind, truth, statement) for one sentence of the passage."""
    if not 6 <= len(sentence.split()) <= 45:
        return
    yield "sentence", True, sentence
    yield "framed", True, frame(sentence, chance)
    for kind, made in (
        ("half of a sentence", _half),
        ("name shortened", _shorten_name),
        ("clause dropped", _drop_clause),
        ("clause moved", _move_clause),
        ("words exchanged", _exchange),
        ("number rewritten", _rewrite_number),
    ):
        text = made(sentence)
        if text and text != sentence:
            yield kind, True, text
    for kind, change in (
        ("number changed", change_number),
        ("date changed", change_date),
        ("unit changed", _change_unit),
        ("name from passage", _swap_name),
        ("name invented", _invent_name),
        ("negation inserted", negate),
        ("negation removed", _affirm),
        ("comparison turned", _turn),
        ("two names exchanged", _exchange_names),
    ):
        text = change(sentence, passage, chance)
        if text and text != sentence:
            yield kind, False, text


def _drop_clause(s: str) -> str | None:
    for pattern in (
        r" \([^()]*\)",
        r", (?:which|who|where|including|such as)\b[^,]*(?=,)",
        r"^(?:In|On|By|After|During|However|Additionally|Also|From)\b[^,]*, (?=\w)",
    ):
        text = re.sub(pattern, "", s, count=1)
        if text != s and len(text.split()) >= 5:
            return text[:1].upper() + text[1:]
    return None


def _half(s: str) -> str | None:
    """One half of a sentence, where each has a verb of its own."""
    halves = re.split(r"; |, (?:and|but) (?=(?:the|it|they|he|she|this|there|[A-Z]\w+) )", s)
    longest = max(halves, key=len).strip()
    return f"{longest[:1].upper()}{longest[1:].rstrip('.')}." if 5 < len(longest.split()) < len(s.split()) else None


def _shorten_name(s: str) -> str | None:
    """A person or thing of two names by the last of them; streets and cities of two words are not."""
    text = re.sub(r"(?<=[a-z] )[A-Z][a-z]+ (?=[A-Z][a-z]{3,}\b(?! [A-Z]))", "", s, count=1)
    return text if text != s else None


def _move_clause(s: str) -> str | None:
    found = re.match(r"((?:In|On|By|After|During|From|At|Since)\b[^,]*), (.*?)\.?\s*$", s)
    return (
        f"{found.group(2)[:1].upper()}{found.group(2)[1:]} {found.group(1)[:1].lower()}{found.group(1)[1:]}."
        if found
        else None
    )


WORDS = (
    ("however, ", ""),
    ("also ", ""),
    ("although", "though"),
    ("because", "since"),
    ("such as", "like"),
    ("about ", "around "),
    ("which ", "that "),
    ("approximately", "about"),
    ("many ", "numerous "),
    ("large ", "big "),
    ("began", "started"),
    ("often", "frequently"),
    ("in order to", "to"),
    ("due to", "because of"),
    ("known as", "called"),
)


def _exchange(s: str) -> str | None:
    for old, new in WORDS:
        s = re.sub(rf"\b{old}", new, s, flags=re.I)
    return s[:1].upper() + s[1:]


def _rewrite_number(s: str) -> str | None:
    def words(m: re.Match[str]) -> str:
        return NUMBER_WORDS[int(m.group()) - 2]

    def million(m: re.Match[str]) -> str:
        return f"{float(m.group(1)) * 1e6:,.0f}"

    text = re.sub(r"(?<![\w$€£.,–-])(\d+(?:\.\d+)?) million\b", million, s)
    text = re.sub(r"(?<![\w.,$€£:/(–-])(?:[2-9]|1[0-2])(?= [a-z])(?! (?:ft|in|km|m|mi|mm|\d)\b)", words, text)
    text = re.sub(r"(\d)( percent| per cent)\b", r"\1%", text)
    text = re.sub(r"(?<![\d,])(\d{1,3}),(\d{3})\b(?![,\d])", r"\1\2", text)
    text = re.sub(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})", r"\2 \1, \3", text) if text == s else text
    return text


def change_number(s: str, passage: str, chance: random.Random) -> str | None:
    found = [
        m
        for m in re.finditer(r"(?<![\w.,/-])\d[\d,]*(?:\.\d+)?(?![\w/-])", s)
        if not re.fullmatch(r"1\d{3}|20[0-2]\d", m.group())
    ]
    if not found:
        return None
    m = chance.choice(found)
    old = m.group().rstrip(",")
    for _ in range(20):
        new = "".join(c if c in ",." else chance.choice("123456789") for c in old)
        if new not in passage:
            return s[: m.start()] + new + s[m.start() + len(old) :]
    return None


def change_date(s: str, passage: str, chance: random.Random) -> str | None:
    found = list(re.finditer(rf"\b(?:1[0-9]{{3}}|20[0-2]\d)\b|\b(?:{'|'.join(MONTHS)})\b(?= \d)", s))
    if not found:
        return None
    m = chance.choice(found)
    new = (
        chance.choice([x for x in MONTHS if x not in passage])
        if m.group() in MONTHS
        else str(int(m.group()) + chance.choice([-20, -7, -3, -1, 1, 2, 5, 10, 30]))
    )
    return None if new in passage else s[: m.start()] + new + s[m.end() :]


UNITS = (
    ("days", "hours"),
    ("years", "months"),
    ("miles", "feet"),
    ("kilometers", "metres"),
    ("km", "m"),
    ("million", "billion"),
    ("percent", "people"),
    ("%", " dollars"),
    ("hours", "weeks"),
    ("months", "days"),
    ("metres", "kilometres"),
    ("m", "km"),
    ("kg", "tonnes"),
    ("century", "decade"),
    ("$", "€"),
    ("weeks", "years"),
    ("feet", "inches"),
    ("billion", "million"),
    ("acres", "square miles"),
    ("°C", "°F"),
)


def _change_unit(s: str, passage: str, chance: random.Random) -> str | None:
    for old, new in UNITS:
        pattern = rf"\{old}(?=\d)" if old == "$" else rf"(?<=\d){old}" if old == "%" else rf"(?<=\d ){old}\b"
        if old == "century":
            pattern = r"(?<=\dth )century\b"
        text = re.sub(pattern, new, s, count=1)
        if text != s:
            return text
    return None


def _swap_name(s: str, passage: str, chance: random.Random) -> str | None:
    here = re.findall(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*", s)
    others = [n for n in spans(passage, "name") if n not in s and not any(p in s for p in n.split())]
    others = [n for n in others if n not in MONTHS]
    here = [n for n in here if n not in MONTHS]
    if not here or not others:
        return None
    return re.sub(rf"\b{re.escape(chance.choice(here))}\b", chance.choice(others), s, count=1)


def _exchange_names(s: str, passage: str, chance: random.Random) -> str | None:
    """Two names each in the place of the other; where they stand in a list the statement would be as true as before."""
    names = [m for m in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*", s) if m.group() not in MONTHS]
    pairs = [
        (a, b)
        for a, b in pairwise(names)
        if a.group()[:4] != b.group()[:4]
        and re.fullmatch(r"(?:(?!\b(?:and|or|as well)\b)[^,])+", s[a.end() : b.start()])
    ]
    if not pairs:
        return None
    a, b = chance.choice(pairs)
    return s[: a.start()] + b.group() + s[a.end() : b.start()] + a.group() + s[b.end() :]


NAMES = ("Winslow", "Kettleby", "Marrakesh", "Oslo", "Hendrik", "Tanaka", "Patagonia", "Lindqvist", "Zurich", "Moreau")


def _invent_name(s: str, passage: str, chance: random.Random) -> str | None:
    here = [n for n in re.findall(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*", s) if n not in MONTHS]
    if not here:
        return None
    name = chance.choice([n for n in NAMES if n not in passage])
    return re.sub(rf"\b{re.escape(chance.choice(here))}\b", name, s, count=1)


def negate(s: str, passage: str, chance: random.Random) -> str | None:
    if re.search(r"\b(?:not|no|never|without|n't|neither|nor)\b", s):
        return None
    text = re.sub(
        r"\b(was|were|is|are|has been|have been|can|could|will|would|should|may|must)\b", r"\1 not", s, count=1
    )
    return text if text != s else None


def _affirm(s: str, passage: str, chance: random.Random) -> str | None:
    text = re.sub(
        r"\b(was|were|is|are|did|does|do|has|have|had|can|could|will|would|should|may|must) not\b|\bcannot\b",
        lambda m: m.group(1) or "can",
        s,
        count=1,
    )
    return text if text != s else None


TURNS = (
    ("more than", "less than"),
    ("less than", "more than"),
    ("at least", "at most"),
    ("before", "after"),
    ("after", "before"),
    ("increased", "decreased"),
    ("decreased", "increased"),
    ("higher", "lower"),
    ("largest", "smallest"),
    ("larger", "smaller"),
    ("first", "last"),
    ("most", "least"),
    ("north", "south"),
    ("eastern", "western"),
    ("allowed", "forbidden"),
    ("over", "under"),
    ("up to", "at least"),
    ("oldest", "youngest"),
    ("rejected", "accepted"),
    ("won", "lost"),
)


def _turn(s: str, passage: str, chance: random.Random) -> str | None:
    for old, new in TURNS:
        text = re.sub(rf"\b{old}\b(?=\s\d)" if old == "over" else rf"\b{old}\b", new, s, count=1)
        if text != s:
            return text
    return None
