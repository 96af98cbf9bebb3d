"""Another thing put in the place of one: another word for it is told from another thing by what reads both texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from ingest.embedders import open_embedder
from ingest.models.adapters import SUPPORTS
from rag.checking import Readings, check
from rag.checking.comparison import Comparison
from rag.checking.tokens import tokens
from rag.cross_encoder import CrossEncoder

MUSEUM = "In 1920 the museum bought the painting from a collector in Vienna."
# What a paper says, with another word for a thing of it, and with another thing; none was left out for how it is read.
BOTH = [
    ("Employees may work from home two days a week.", "Employees", "Staff", "Contractors"),
    ("The invoice must be approved by the head of department.", "invoice", "bill", "contract"),
    ("The laptop has to be returned on the last working day.", "laptop", "notebook", "phone"),
    ("Visitors must sign in at the reception.", "Visitors", "Guests", "Suppliers"),
    ("The contract may be ended by either party in writing.", "contract", "agreement", "lease"),
    ("Overtime is paid with the salary of the following month.", "salary", "wages", "bonus"),
    ("The cost of hotels is paid back.", "cost", "expense", "loss"),
    ("The warranty covers the motor for five years.", "motor", "engine", "battery"),
    ("Complaints are answered by the support team within two days.", "team", "group", "robot"),
    ("Samples are kept in the refrigerator.", "refrigerator", "fridge", "freezer"),
    ("The mother of the pupil has to sign the form.", "pupil", "student", "teacher"),
    ("The insurance pays for damage by fire.", "damage", "harm", "theft"),
    ("The tenant pays for small repairs.", "small", "minor", "large"),
    ("The buyer bears the cost of transport.", "buyer", "purchaser", "seller"),
    ("The report is sent to the auditor in March.", "report", "document", "contract"),
    ("Interns receive a monthly allowance for transport.", "Interns", "Trainees", "Directors"),
    (MUSEUM, "painting", "picture", "sculpture"),
    ("The king gave the land to the monastery.", "monastery", "abbey", "university"),
    ("Passwords are changed every ninety days.", "Passwords", "Passphrases", "Badges"),
    ("The data is stored on servers in Frankfurt.", "servers", "computers", "tapes"),
]
OTHERS = [
    ("Receipts must be handed in within thirty days.", "Receipts", "Invoices"),
    ("The filter has to be cleaned every week.", "filter", "pump"),
    ("The cost of hotels is paid back.", "hotels", "flights"),
    ("Parking is free for employees.", "employees", "customers"),
    ("The backup runs every night.", "night", "weekend"),
    ("Gloves must be worn at the saw.", "Gloves", "Goggles"),
    ("The meeting room holds twelve people.", "meeting room", "canteen"),
    ("The board meets in the first week of the quarter.", "board", "committee"),
    ("The red lamp shows that the tank is empty.", "red", "green"),
    ("The cat sleeps on the mat in the kitchen.", "cat", "dog"),
    ("Nurses check the temperature of patients every morning.", "Nurses", "Doctors"),
    ("The bridge was built of stone.", "stone", "steel"),
    ("Farmers in the valley grow rice.", "rice", "wheat"),
    ("The river flows into the sea in the north.", "sea", "lake"),
    ("The mother of the pupil has to sign the form.", "mother", "teacher"),
    ("The insurance pays for damage by fire.", "fire", "water"),
    ("The tenant pays for small repairs.", "tenant", "landlord"),
    ("Oil is changed after every thousand hours.", "Oil", "Coolant"),
    ("The report is sent to the auditor in March.", "auditor", "bank"),
    ("The door opens with the blue key.", "door", "window"),
    ("Bees carry pollen between the flowers.", "Bees", "Wasps"),
    ("The novel was written by a retired sailor.", "novel", "play"),
    ("The army crossed the mountains in winter.", "army", "fleet"),
    ("Interns receive a monthly allowance for transport.", "transport", "meals"),
    ("The valve must be closed before the pump is started.", "valve", "hatch"),
    ("The discount holds for orders over 500 euros.", "discount", "surcharge"),
    ("The manager decides on training.", "manager", "trainer"),
    ("If a printer fails, the office calls the supplier at once.", "printer", "scanner"),
    ("Unused leave can be carried over until the end of March.", "leave", "vouchers"),
    ("The lift may not be used by goods of more than 300 kg.", "lift", "ramp"),
    ("A medical certificate is needed from the third day of illness.", "illness", "pregnancy"),
]
TRUE = [
    *((source, source.replace(thing, word)) for source, thing, word, _ in BOTH),
    (MUSEUM, "The museum bought the picture from a collector in Vienna in 1920."),
]
FALSE = [
    (MUSEUM, "The museum bought the sculpture from a collector in Vienna in 1920."),
    *((source, source.replace(thing, other)) for source, thing, _, other in BOTH),
    *((source, source.replace(thing, other)) for source, thing, other in OTHERS),
]

# By words alone: two words for one, and one of the same family.
KNOWN_GAPS = {
    "The canteen holds twelve people.",
    "The trainer decides on training.",
}


def decided_by_reading(source: str, statement: str) -> bool:
    """Whether the rules leave it to what reads both texts: there are doubts, and of a thing in another's place."""
    doubts = list(Comparison(statement, tokens(statement), tokens(source), source).doubts())
    return any(d.thing for d in doubts) and all(d.thing or d.wording for d in doubts)


def supported(pairs: Sequence[tuple[str, str]], readings: Readings | None = None) -> set[str]:
    return {stated for source, stated in pairs if check(stated, [source], readings).verdict == "supported"}


def test_words_alone_support_none_that_is_left_to_what_reads_both() -> None:
    assert supported([pair for pair in (*TRUE, *FALSE) if decided_by_reading(*pair)]) == set()
    assert supported(FALSE) == KNOWN_GAPS


def test_nearly_all_are_left_to_what_reads_both() -> None:
    left = [decided_by_reading(*pair) for pair in (*TRUE, *FALSE)]
    assert sum(left) > 0.8 * len(left)


@pytest.mark.slow
@pytest.mark.models
def test_another_word_is_told_from_another_thing(reader: CrossEncoder, bundled_models: dict[str, str]) -> None:
    with open_embedder(bundled_models["embed_model"]) as embedder:
        readings = Readings(lambda: embedder, partial(reader.judge, SUPPORTS))
        more = supported(TRUE, readings) - supported(TRUE)
        wrong = supported(FALSE, readings) - KNOWN_GAPS
    assert more >= {
        "The expense of hotels is paid back.",
        "The document is sent to the auditor in March.",
        "Trainees receive a monthly allowance for transport.",
        "In 1920 the museum bought the picture from a collector in Vienna.",
    }
    assert len(wrong) <= 0.02 * len(FALSE), wrong  # as tests/bench/fit_support.py sets the border
