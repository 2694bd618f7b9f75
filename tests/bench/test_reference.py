"""The reference model says the same as a deal, in C and in NumPy: path by path where draws are shared, else by Monte Carlo."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bench import ours
from bench.peers import compiled, vectorised
from bench.peers.parameters import OUTPUTS
from bench.reference.make import linked_deal, shortened
from detente.deal.load import load_deal
from detente.graph.build import check

FloatArray = npt.NDArray[np.float64]

PATHS = 16_384
LIMIT = 4.0
"""Standard errors."""
SINGLE = 1e-3
"""Relative: normals of single precision, gone through 138 months."""

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc on this machine")


def linked(folder: Path, copies: int) -> ours.Model:
    (folder / "deal.yaml").write_text(linked_deal(copies), encoding="utf-8")
    return ours.linked_model(folder, copies)


@pytest.fixture(scope="module")
def deal() -> FloatArray:
    return ours.reference_model().run_in_units(PATHS, seed=1)


def mean_errors(a: FloatArray, b: FloatArray) -> FloatArray:
    """Differences of means in standard errors."""
    variance = a.var(axis=1) / a.shape[1] + b.var(axis=1) / b.shape[1]
    found: FloatArray = (a.mean(axis=1) - b.mean(axis=1)) / np.sqrt(variance)
    return found


def quantile_errors(a: FloatArray, b: FloatArray, share: float) -> FloatArray:
    """How far the share of b below a quantile of a is from that of a, in standard errors; ties are halved."""

    def below(rows: FloatArray, values: FloatArray) -> FloatArray:
        found: FloatArray = ((rows < values).mean(axis=1) + (rows <= values).mean(axis=1)) / 2
        return found

    values = np.quantile(a, share, axis=1)[:, np.newaxis]
    variance = share * (1 - share) * (1 / a.shape[1] + 1 / b.shape[1])
    found: FloatArray = (below(a, values) - below(b, values)) / np.sqrt(variance)
    return found


@needs_gcc
def test_the_deal_and_c_agree_on_every_path(deal: FloatArray) -> None:
    np.testing.assert_allclose(deal, compiled.reference()(PATHS, 1), rtol=SINGLE)


@needs_gcc
def test_linked_copies_and_the_generated_program_agree_on_every_path(tmp_path: Path) -> None:
    model = linked(tmp_path, 3)
    np.testing.assert_allclose(model.run_in_units(2048, seed=2), compiled.generated(3)(2048, 2), rtol=SINGLE)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_numpy_agrees_by_quantiles(deal: FloatArray, share: float) -> None:
    errors = quantile_errors(deal, vectorised.run(50_000, seed=7), share)
    assert dict(zip(OUTPUTS, abs(errors) < LIMIT, strict=True)) == dict.fromkeys(OUTPUTS, True)


def test_numpy_agrees_by_means(deal: FloatArray) -> None:
    errors = mean_errors(deal, vectorised.run(50_000, seed=7))
    assert dict(zip(OUTPUTS, abs(errors) < LIMIT, strict=True)) == dict.fromkeys(OUTPUTS, True)


@needs_gcc
def test_other_seeds_in_c_agree_by_means(deal: FloatArray) -> None:
    assert (abs(mean_errors(deal, compiled.reference()(200_000, 8))) < LIMIT).all()


@pytest.mark.parametrize("text", [linked_deal(5), linked_deal(1, months=24), shortened(24)])
def test_what_is_made_passes_the_check_without_a_warning(tmp_path: Path, text: str) -> None:
    (tmp_path / "deal.yaml").write_text(text, encoding="utf-8")
    deal, problems = load_deal(tmp_path)
    graph, findings = check(deal, problems)
    assert graph is not None
    assert findings == ()


def test_the_horizon_is_as_long_as_asked(tmp_path: Path) -> None:
    for text, months in ((shortened(24), 24), (linked_deal(2, 12), 12), (linked_deal(2), 138)):
        (tmp_path / "deal.yaml").write_text(text, encoding="utf-8")
        deal, _ = load_deal(tmp_path)
        assert deal is not None
        assert deal.last - deal.now == months
