"""Cuts a document into chunks at headings, blocks and sentences; the same for every model.

A chunk is one range of the document's text under one heading path, about 180 words or 350 Japanese characters long:
what a model of 256 to 512 tokens reads whole, and what a person takes in at a glance.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.places import clip
from index.types import Block, Chunk, Document, Kind, Span
from ingest.sentences import split_sentences

TARGET = 180.0  # words
JAPANESE = 180.0 / 350.0  # one Japanese character counts as so many words: so long are a screenful of each
LEAST = TARGET / 3  # a shorter rest joins the chunk before it
LONGEST_UNIT = 400  # characters of one unbroken run (a table of numbers, base64) that may stay together past the target
LEAD_IN = 300  # characters: a longer paragraph before a list says more than what the list is about

_Range = tuple[int, int]  # start and end in the document's text
_WORD = re.compile(r"[^\W\u3005-\u30ff\u3400-\u9fff]+")
_JAPANESE = re.compile(r"[\u3005-\u30ff\u3400-\u9fff]")


def measure(text: str) -> float:
    """The length of a text in words; Japanese characters count by their share of one."""
    return len(_WORD.findall(text)) + JAPANESE * len(_JAPANESE.findall(text))


def chunk_document(document: Document) -> list[Chunk]:
    """The chunks of a document in reading order; together they cover all of its blocks but headings with text below."""
    chunks: list[Chunk] = []
    for section in _sections(document):
        starts = [block.start for block in section.blocks]
        leads = _find_leads(section.blocks)
        pieces = [piece for block in section.blocks for piece in _split(document.text, block)]
        for group in _pack(document.text, pieces):
            start, end = group[0].start, group[-1].end
            context = tuple(_context(document.text, leads[bisect_left(starts, start)], group[0]))
            text = document.text[start:end]
            chunks.append(Chunk(start, end, text, section.heading, tuple(group), context))
    return chunks


def embedding_input(title: str, chunk: Chunk) -> str:
    """What is embedded for a chunk: where it stands, what it needs to be understood, and its text."""
    path = [part for part in (title, *chunk.heading) if part]
    above = " › ".join(dict.fromkeys(path))
    return "\n".join(filter(None, (above, *(span.text for span in chunk.context), chunk.text)))


@dataclass(frozen=True, slots=True)
class _Section:
    heading: tuple[str, ...]
    blocks: list[Block]


def _sections(document: Document) -> Iterator[_Section]:
    """The blocks under each heading; a heading with nothing below it stands as its own text."""
    path: list[tuple[int, str]] = []
    blocks: list[Block] = []
    last: Block | None = None
    for block in document.blocks:
        if block.kind is not Kind.HEADING:
            blocks.append(block)
            last = None
            continue
        if last is not None and block.level <= last.level:
            blocks = [last]
        if blocks:
            yield _Section(tuple(text for _, text in path), blocks)
            blocks = []
        while path and path[-1][0] >= block.level:
            path.pop()
        path.append((block.level, " ".join(document.text[block.start : block.end].split())))
        last = block
    if last is not None:
        blocks = [last]
    if blocks:
        yield _Section(tuple(text for _, text in path), blocks)


def _split(text: str, block: Block) -> Iterator[Block]:
    """A block as it is, or cut at sentences where it is longer than a chunk."""
    if measure(text[block.start : block.end]) <= TARGET * 1.5 and block.end - block.start <= LONGEST_UNIT * 10:
        yield block
        return
    start, size = block.start, 0.0
    for first, last in _units(text, block):
        length = measure(text[first:last])
        if start < first and (size + length > TARGET or last - start > LONGEST_UNIT * 10):
            yield clip(block, start, _rstrip(text, start, first), text)
            start, size = first, 0.0
        size += length
    yield clip(block, start, block.end, text)


def _units(text: str, block: Block) -> Iterator[tuple[int, int]]:
    """Sentences, and pieces of a sentence that is itself too long."""
    for first, last in split_sentences(text, block.start, block.end):
        left = measure(text[first:last]) if last - first > LONGEST_UNIT else 0.0
        while last - first > LONGEST_UNIT and left > TARGET:
            cut = max(text.rfind(mark, first + 1, first + LONGEST_UNIT) for mark in " \n、，,|")
            cut = cut + 1 if cut > first else first + LONGEST_UNIT
            yield first, cut
            left -= measure(text[first:cut])  # not measured anew: a stranger's file may be one sentence of megabytes
            first = cut
        if first < last:
            yield first, last


def _rstrip(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _pack(text: str, pieces: Sequence[Block]) -> list[list[Block]]:
    """Neighbouring pieces together up to the target; a short rest joins the group before it."""
    groups: list[list[Block]] = []
    sizes: list[float] = []
    for piece in pieces:
        size = measure(text[piece.start : piece.end])
        same_page = bool(groups) and groups[-1][-1].page == piece.page and groups[-1][-1].sheet == piece.sheet
        if groups and same_page and sizes[-1] + size <= TARGET:
            groups[-1].append(piece)
            sizes[-1] += size
        else:
            groups.append([piece])
            sizes.append(size)
    for i in range(len(groups) - 1, 0, -1):
        same_page = groups[i - 1][-1].page == groups[i][0].page and groups[i - 1][-1].sheet == groups[i][0].sheet
        if same_page and sizes[i] < LEAST and sizes[i - 1] + sizes[i] <= TARGET * 1.3:
            groups[i - 1] += groups.pop(i)
            sizes[i - 1] += sizes.pop(i)
    return groups


def _find_leads(blocks: Sequence[Block]) -> list[tuple[_Range | None, _Range | None]]:
    """For each place between blocks the header rows of the table and the paragraph before the list that go on there."""
    header: _Range | None = None
    paragraph: _Range | None = None
    leads: list[tuple[_Range | None, _Range | None]] = [(None, None)]
    last = Kind.TEXT
    for block in blocks:
        if block.kind is Kind.HEADER:
            header = (header[0] if header and last is Kind.HEADER else block.start, block.end)
        elif block.kind is not Kind.ROW:
            header = None
        if block.kind is not Kind.ITEM:
            paragraph = (block.start, block.end) if block.kind is Kind.TEXT else None
        last = block.kind
        leads.append((header, paragraph))
    return leads


def _context(text: str, leads: tuple[_Range | None, _Range | None], first: Block) -> Iterator[Span]:
    """The header rows of a table and the lead-in of a list that a group of blocks begins inside of."""
    header, paragraph = leads
    lead = header if first.kind is Kind.ROW else paragraph if first.kind is Kind.ITEM else None
    if lead is not None and (lead is header or lead[1] - lead[0] <= LEAD_IN):
        yield Span(*lead, text[lead[0] : lead[1]])
