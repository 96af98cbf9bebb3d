"""Two parts of a source's sentence, and a statement that goes over from the one to the other."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag

SPLICED = [
    (
        "Nurses give injections and doctors write prescriptions.",
        ["Nurses write prescriptions.", "Doctors give injections."],
        ["Nurses give injections.", "Doctors write prescriptions."],
    ),
    (
        "Passports are kept in the safe and keys are kept in the drawer.",
        ["Keys are kept in the safe.", "Passports are kept in the drawer."],
        ["Keys are kept in the drawer.", "Passports are kept in the safe."],
    ),
    (
        "The pump moves water to the boiler, while the fan moves air to the burner.",
        [
            "The pump moves air to the burner.",
            "The fan moves water to the boiler.",
            "The pump moves water to the burner.",
        ],
        ["The pump moves water to the boiler.", "The fan moves air to the burner.", "The fan moves air."],
    ),
    (
        "The drug was approved in Japan in 2009 and withdrawn in Canada in 2014.",
        ["The drug was withdrawn in Japan in 2009.", "The drug was withdrawn in Japan."],
        ["The drug was approved in Japan in 2009.", "The drug was withdrawn in Canada in 2014."],
    ),
    (
        "The film was shot in Malta and edited in Rome.",
        ["The film was edited in Malta.", "The film was shot in Rome."],
        ["The film was edited in Rome.", "The film was shot in Malta."],
    ),
    (
        "国内出張は所属長が、海外出張は部長が命じる。",
        ["海外出張は所属長が命じる。", "国内出張は部長が命じる。"],
        ["海外出張は部長が命じる。", "国内出張は所属長が命じる。"],
    ),
    (
        "映画はマルタで撮影され、ローマで編集された。",
        ["映画はローマで撮影された。", "映画はマルタで編集された。"],
        ["映画はマルタで撮影された。", "映画はローマで編集された。"],
    ),
    (
        "温水管は赤で、冷水管は青で塗られている。",
        ["温水管は青で塗られている。", "冷水管は赤で塗られている。"],
        ["温水管は赤で塗られている。", "冷水管は青で塗られている。"],
    ),
]


@pytest.mark.parametrize(("source", "false"), [(source, false) for source, spliced, _ in SPLICED for false in spliced])
def test_what_goes_over_to_another_part_is_not_supported(source: str, false: str) -> None:
    assert rag.check(false, sources=[source]).verdict != "supported"


@pytest.mark.parametrize(("source", "true"), [(source, true) for source, _, kept in SPLICED for true in kept])
def test_what_stays_in_its_part_is_never_taken_for_it(source: str, true: str) -> None:
    assert not any("something else" in r or "別のもの" in r for r in rag.check(true, sources=[source]).reasons)


# A subject of all parts, one whose second part has nothing of its own, and a part that opens with when.
@pytest.mark.parametrize(
    ("source", "true"),
    [
        ("The company makes pumps in Linz and sells valves in Graz.", "The company sells valves in Graz."),
        ("The cat and the dog sleep on the mat.", "The cat sleeps on the mat."),
        ("Red lamps and blue lamps burn all night.", "Red lamps burn all night."),
        ("Ms Berg, president of the club, opened the hall.", "Ms Berg opened the hall."),
        ("The firm was founded in Cork and after the war moved to Leeds.", "The firm moved to Leeds."),
        ("The museum opened in 1990 and quickly became popular in Europe.", "The museum became popular in Europe."),
        ("He studied and taught physics in Graz.", "He studied physics in Graz."),
        ("製品は大阪で組み立てられ、東京で検査されて出荷される。", "製品は東京で検査されて出荷される。"),
    ],
)
def test_parts_that_share_what_they_begin_or_end_with_are_no_splice(source: str, true: str) -> None:
    assert rag.check(true, sources=[source]).verdict == "supported"


SUBJECTS = ("Plumbers", "Gardeners", "Painters", "Surveyors")
PLACES = ("cellar", "orchard", "gallery", "harbour")


@given(st.permutations(SUBJECTS), st.permutations(PLACES), st.sampled_from([" and ", ", while ", "; "]))
def test_only_the_place_of_its_own_part_is_supported(subjects: list[str], places: list[str], joint: str) -> None:
    one, other = (f"{subject} work in the {place}" for subject, place in zip(subjects[:2], places[:2], strict=True))
    source = f"{one}{joint}{other}."
    for subject, place in permutations(range(2)):
        assert rag.check(f"{subjects[subject]} work in the {places[place]}.", sources=[source]).verdict != "supported"
    assert {rag.check(f"{part}.", sources=[source]).verdict for part in (one, other)} == {"supported"}
