"""A policy on temperature records is read to the second and the degree, with its grounds."""

from __future__ import annotations

from pathlib import Path

from thecal.clinic.coldchain.policy import read_coldchain_policy
from thecal.clinic.policy import policy_path

OWN = """\
name: ours
title: Our pharmacy's rule
version: "3"
sources:
  SOP:
    title: pharmacy SOP 12
    version: 2026-01
longest_interval: {minutes: 10, source: SOP, section: "4", confirmed: yes}
leeway: {minutes: 2, source: SOP, section: "5", confirmed: no}
accuracy: {plus_minus_C: 0.2, source: SOP, section: "6", confirmed: yes}
freezing: {below_C: -0.5, source: SOP, section: "7", confirmed: yes}
"""


def test_the_shipped_policy_has_a_reading_every_half_hour_and_freezes_at_0_degrees():
    """VFC: 30 minutes, ±0.5 °C. The minute of leeway and 0 °C are thecal's own, not confirmed."""
    policy = read_coldchain_policy(policy_path("coldchain", "vfc"))
    assert (policy.longest_interval_s, policy.leeway_s) == (1800, 60)
    assert (policy.accuracy_C, policy.freezing_C) == (0.5, 0)
    assert {key: basis.is_confirmed for key, basis in policy.bases.items()} == {
        "longest_interval": True,
        "leeway": False,
        "accuracy": True,
        "freezing": False,
    }


def test_a_pharmacy_s_own_policy_is_read_with_its_name_and_where_each_figure_stands(
    tmp_path: Path,
):
    path = tmp_path / "ours.yaml"
    path.write_text(OWN)
    policy = read_coldchain_policy(path)
    assert str(policy.head) == "policy 'ours', version 3"
    assert (policy.longest_interval_s, policy.leeway_s) == (600, 120)
    assert (policy.accuracy_C, policy.freezing_C) == (0.2, -0.5)
    stands = {key: (b.source.document, b.source.section) for key, b in policy.bases.items()}
    assert stands == {
        "longest_interval": ("pharmacy SOP 12", "4"),
        "leeway": ("pharmacy SOP 12", "5"),
        "accuracy": ("pharmacy SOP 12", "6"),
        "freezing": ("pharmacy SOP 12", "7"),
    }
