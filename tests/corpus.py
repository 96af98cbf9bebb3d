"""Small documents made for tests."""

from __future__ import annotations

from pathlib import Path

from index.store import Origin, Store
from index.types import Block, Chunk, Document, Kind


def make_document(*paragraphs: str, title: str = "A title") -> Document:
    """A document of one heading and these paragraphs."""
    text, blocks = title, [Block(0, len(title), Kind.HEADING, level=1)]
    for paragraph in paragraphs:
        text += "\n\n"
        blocks.append(Block(len(text), len(text) + len(paragraph)))
        text += paragraph
    return Document(title=title, text=text, blocks=tuple(blocks))


def make_chunks(document: Document) -> list[Chunk]:
    """One chunk a paragraph."""
    return [
        Chunk(block.start, block.end, document.text[block.start : block.end], (document.title,), (block,))
        for block in document.blocks
        if block.kind is not Kind.HEADING
    ]


def make_origin(path: str, sha256: str = "0", parent: str | None = None) -> Origin:
    return Origin(path, f"/{path}", path.split("/")[0], sha256, 1, 1, "test", parent)


def store_document(store: Store, origin: Origin, document: Document) -> None:
    """Keep a document, a chunk a paragraph; what would be embedded of a chunk is its text."""
    chunks = make_chunks(document)
    store.replace(origin, document, chunks, [chunk.text for chunk in chunks])


def write_tree(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below `folder`, text as UTF-8, and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def list_names(folder: Path) -> list[str]:
    """What is in `folder`, sorted."""
    return sorted(path.name for path in folder.iterdir())


def harm(part: Path, stamp: Path, damage: str) -> None:
    """Damage a derived part of an index: "flip" a bit, "cut" it in half, let it be "gone", or empty its "stamp"."""
    data = bytearray(part.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
    elif damage == "cut":
        part.write_bytes(data[: len(data) // 2])
    elif damage == "gone":
        part.unlink()
    else:
        stamp.write_bytes(b"{}")
