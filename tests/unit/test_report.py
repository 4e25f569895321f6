"""The summary of a run: right numbers, right words, printable on every console."""

import numpy as np
import pytest

from simcell.results import report, schema, store

TIME = np.array([0.0, 1.0, 2.0, 4.0])


def summary(*, coords=None, attrs=None, **variables):
    coords = {
        "time": TIME,
        "species": ["H2", "H2O2", "OH"],
        "gas": ["H2", "O2"],
        "quantile": [0.025, 0.975],
        "member": [0, 1, 2],
        **(coords or {}),
    }
    return report.summary(schema.build({"radiolysis": variables}, coords, attrs))


def provenance(**facts):
    facts = {"record": {"electrolyte": {"pH": 7.0}}, "record_hash": "0", "case": {}} | facts
    return {"simcell_provenance": store.provenance(**facts)}


PH = (["time"], [7.0, 6.0, 5.0, 4.654])
AMOUNT = (("time", "species"), np.outer([0.0, 1.0, 2.0, 4.0], [0.1, 0.1625, 1e-6]))


def test_the_three_numbers_and_the_steady_time():
    saturation = (("time", "gas"), np.outer([0.0, 1.0, 2.0, 4.0], [0.2, 0.01]))
    text = summary(pH=PH, concentration=AMOUNT, gas_saturation=saturation, time_to_steady=([], 1.1e-3))
    assert text.splitlines() == [
        "pH       4.65 after 4 s (7.00 at the start)",
        "H2       0.8 of its saturation after 4 s",
        "H2O2     650 uM after 4 s",
        "steady   after 1.1 ms",
        "next     simcell plot out.nc",
    ]


def test_the_gas_that_saturates_first_is_named_with_its_time():
    # H2 reaches 1 at 3 s (1/2 of the way from 0.5 at 2 s to 1.5 at 4 s), O2 at 1.5 s
    saturation = (("time", "gas"), [[0.0, 0.0], [0.2, 0.5], [0.5, 1.5], [1.5, 0.9]])
    lines = summary(gas_saturation=saturation).splitlines()
    assert (
        lines[0]
        == "O2       0.9 of its saturation after 4 s; O2 alone passes 1 atm at 1.5 s, other dissolved gases come on top"
    )
    assert lines[-1] == 'next     simcell limit case.toml --keep "O2<1 sat"'
    over = summary(gas_saturation=(("time", "gas"), [[1.2, 0.0]] * 4))
    assert "H2 alone passes 1 atm at 0 s" in over


def test_steady_values_stand_for_a_run_that_came_to_rest():
    steady = {"steady_pH": ([], 4.5), "pH": PH}
    assert "pH       4.50 at the steady state (7.00" in summary(time_to_steady=([], 3.0), **steady)
    late = summary(time_to_steady=([], 30.0), **steady)
    assert "pH       4.65 after 4 s (7.00" in late
    assert "steady   after 30 s, later than this run ends" in late


def test_a_beam_that_goes_on_and_off_never_counts_as_steady():
    tree = schema.build(
        {
            "beam": {"on": (["time"], [1, 1, 0, 0])},
            "radiolysis": {"pH": PH, "steady_pH": ([], 4.5), "time_to_steady": ([], 0.5)},
        },
        {"time": TIME},
    )
    lines = report.summary(tree).splitlines()
    assert lines[0] == "pH       4.65 after 4 s (beam off) (7.00 at the start)"
    assert not any(line.startswith("steady") for line in lines)


PULSES = {"on": 0.001, "off": 0.009, "count": 400}


@pytest.mark.parametrize(
    ("beam", "end"),
    [
        # all output times fall on the start of a pulse, so beam/on alone looks like a beam that is always on
        ({"pulses": PULSES}, "off"),
        ({"pulses": PULSES | {"on": 1.0, "off": 0.5}}, "on"),  # the third pulse is from 3 s to 4 s
        ({"pulses": PULSES | {"on": 1.0, "off": 0.5, "count": 2}}, "off"),
        ({"schedule": [{"from": 0.0, "to": 1.5, "on": True}, {"from": 3.0, "to": 4.0, "on": True}]}, "on"),
        ({"schedule": [{"from": 0.0, "to": 3.5, "on": True}]}, "off"),
    ],
)
def test_a_switched_beam_is_known_by_its_record(beam, end):
    tree = schema.build(
        {
            "beam": {"on": (["time"], [1, 1, 1, 1])},
            "radiolysis": {
                "pH": PH,
                "steady_pH": ([], 4.5),
                "time_to_steady": ([], 0.5),
                "ensemble_steady_pH": (["member"], [4.0, 5.0]),
            },
        },
        {"time": TIME, "member": [0, 1]},
        provenance(record={"beam": beam, "electrolyte": {"pH": 7.0}}),
    )
    text = report.summary(tree)
    assert text.splitlines()[0] == f"pH       4.65 after 4 s (beam {end}) (7.00 at the start)"
    assert "steady" not in text


def test_a_range_of_pulsed_runs_gives_last_values():
    dim = "electrolyte_pH"
    attrs = provenance(record={"beam": {"pulses": PULSES}})
    more = {"pH": ((dim, "time"), [PH[1], PH[1]]), "steady_pH": ([dim], [4.0, 5.0])}
    more["steady_concentration"] = ((dim, "species"), np.ones((2, 3)))
    more["concentration"] = ((dim, "time", "species"), np.stack([AMOUNT[1], AMOUNT[1]]))
    text = summary(coords={dim: ([3.0, 7.0], "1")}, attrs=attrs, **more)
    assert "pH       4.65 to 4.65 after 4 s" in text
    assert "steady" not in text


def test_a_map_proposes_no_picture():
    text = summary(coords={"a_x": ([1, 2], "m"), "b_y": ([1, 2], "m")}, steady_pH=(["a_x", "b_y"], [[7.0, 6.0]] * 2))
    assert "simcell plot" not in text
    assert "simcell.open_result" in text


def test_the_steady_time_has_no_more_digits_than_are_known():
    assert "steady   after 1.1 ms" in summary(pH=PH, time_to_steady=([], 1.148e-3))


def test_what_the_choice_of_mechanism_does_has_its_own_line():
    text = summary(
        pH=PH,
        ensemble_steady_pH=(["member"], [4.0, 4.5, 5.0]),
        ensemble_steady_gas_saturation=(("member", "gas"), [[0.98, 0.0], [3.9, 0.0], [1.1, 0.0]]),
        ensemble_steady_concentration=(("member", "species"), [[0.0, 0.65, 0.0], [0.0, 1.2, 0.0], [0.0, 0.7, 0.0]]),
    )
    assert text.splitlines()[1] == (
        "spread   over 3 mechanisms and sets of G-values, steady: "
        "pH 4.00 to 5.00, H2 0.98 to 3.9 of its saturation, H2O2 650 uM to 1.2 mM"
    )


def test_intervals_of_an_ensemble_are_told():
    text = summary(
        pH=PH,
        concentration=AMOUNT,
        gas_saturation=(("time", "gas"), np.full((4, 2), 0.5)),
        pH_quantile=(("quantile", "time"), np.tile([[4.8], [4.5]], 4)),
        concentration_quantile=(("quantile", "time", "species"), np.stack([AMOUNT[1] * 0.5, AMOUNT[1] * 2.0])),
        gas_saturation_quantile=(("quantile", "time", "gas"), np.stack([np.full((4, 2), 0.25), np.full((4, 2), 1.0)])),
    )
    assert "4.65 after 4 s, 95 % between 4.50 and 4.80" in text
    assert "650 uM after 4 s, 95 % between 325 uM and 1.3 mM" in text
    assert "0.5 of its saturation after 4 s, 95 % between 0.25 and 1" in text


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"a": 50, "b": 50}, ", 95 % between 4.50 and 4.80 (of 100 samples)"),
        ({"a": 50, "b": 49}, ", between 4.50 and 4.80 (of 99 samples)"),
    ],
)
def test_a_share_is_claimed_only_of_samples_enough(shares, words):
    quantiles = (("quantile", "time"), np.tile([[4.8], [4.5]], 4))
    text = summary(pH=PH, pH_quantile=quantiles, attrs=provenance(ensemble={"samples": shares}))
    assert f"4.65 after 4 s{words}" in text


def test_without_peroxide_the_most_abundant_radical_stands_in():
    values = (("time", "species"), [[0.0, 1e-3, 2e-3]] * 4)
    text = summary(coords={"species": ["H2", "OH", "e_aq-"]}, concentration=values)
    assert "e_aq-    2 uM after 4 s" in text


def test_not_steady_is_told():
    assert "steady   not within this run" in summary(time_to_steady=([], np.nan))


def test_status_and_warnings_are_told_once():
    text = summary(pH=PH, attrs=provenance(status="interrupted", warnings=["25 degC only", "25 degC only"]))
    assert text.startswith("status   interrupted")
    assert text.count("warning  25 degC only") == 1


def test_the_start_is_known_from_the_case_when_time_begins_later():
    times = {"time": [1e-9, 1.0, 2.0, 4.0]}
    late = (["time"], [6.87, 6.0, 5.0, 4.654])
    assert "(6.87 after 1 ns)" in summary(coords=times, pH=late)
    assert "(7.00 at the start)" in summary(coords=times, pH=late, attrs=provenance())


def test_several_runs_give_ranges_and_where_the_gas_saturates():
    dim = "beam_dose_rate"
    text = summary(
        coords={dim: ([1e8, 1e4, 1e6], "Gy/s")},
        steady_pH=([dim], [4.0, 6.5, 5.0]),
        steady_gas_saturation=((dim, "gas"), [[10.0, 0.0], [0.1, 0.0], [1.0, 0.0]]),
        steady_concentration=((dim, "species"), np.ones((3, 3)) * [[1.0], [1e-2], [0.1]]),
    )
    assert text.splitlines() == [
        "runs     3 (beam_dose_rate)",
        "pH       4.00 to 6.50 at the steady state",
        "H2       0.1 to 10 of its saturation at the steady state; saturated at beam_dose_rate = 1e+06 Gy/s",
        "H2O2     10 uM to 1 mM at the steady state",
        "next     simcell plot out.nc",
    ]


def test_the_next_command_leads_to_what_is_behind_the_numbers():
    text = summary(
        coords={"reaction": ["2 OH -> H2O2"]}, concentration=AMOUNT, throughput=(("reaction", "time"), np.ones((1, 4)))
    )
    assert text.endswith("next     simcell plot out.nc --kind throughput --species H2O2 -o H2O2.png")


def test_names_with_blanks_are_quoted_for_the_shell():
    tree = schema.build({"radiolysis": {"steady_pH": ([], 4.65)}}, {})
    assert report.summary(tree, file="my run.nc").endswith('simcell plot "my run.nc"')


def test_a_result_without_radiolysis_still_reports():
    assert report.summary(schema.build({"beam": {"dose": ([], 1.0)}}, {})) == "next     simcell plot out.nc"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp437", "cp932", "ascii", "no-such-codec", None])
def test_console_text_can_always_be_printed(encoding):
    text = "10 µm × 1 Å² → 5 °C, Ω Å μ “é” 漢 ☢ Łódź\n"
    safe = report.console_safe(text, encoding)
    known = encoding if encoding not in (None, "no-such-codec") else "ascii"
    safe.encode(known)
    assert safe.endswith("\n")


def test_console_text_keeps_what_the_console_knows():
    assert report.console_safe("10 µm, 1 Å, 25 °C → x²", "cp1252") == "10 µm, 1 Å, 25 °C -> x²"
    assert report.console_safe("10 µm, 1 Å, 25 °C → x²", "ascii") == "10 um, 1 angstrom, 25 degC -> x^2"
    assert report.console_safe("漢", "ascii") == "?"


def test_the_summary_itself_is_ascii():
    text = summary(pH=PH, concentration=AMOUNT)
    assert text.isascii()
