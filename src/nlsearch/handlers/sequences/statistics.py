"""How likely chance gives a local match as good: bit scores and E-values by Karlin and Altschul, as BLAST has them.

The parameters are those that NCBI BLAST tables for each scheme of scores; a scheme that is not tabled gets no E-value.
The number of letters that a match could start at is shortened by the expected length of a match, as BLAST does by
default for nucleotides, and for proteins with ``OLD_FSC=1``; without that it corrects for the ends in another way.

Conventions
-----------
Raw scores are in the unit of the scheme.  A gap of *n* columns costs ``gap_open + n * gap_extend``; both 0 stand for
the linear gaps of megablast (half of the reward, less the penalty, a column).

References
----------
.. [1] Karlin & Altschul (1990). Methods for assessing the statistical significance of molecular sequence features by
       using general scoring schemes. PNAS 87, 2264.
.. [2] Altschul & Gish (1996). Local alignment statistics. Methods Enzymol. 266, 460.
.. [3] Altschul, Bundschuh, Olsen & Hwa (2001). The estimation of statistical parameters for local alignment score
       distributions. Nucleic Acids Res. 29, 351.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["GAPS", "Statistics", "length_adjustment", "nucleotide_statistics", "protein_statistics"]

GAPS: dict[str, tuple[int, int]] = {
    "BLOSUM45": (14, 2),
    "BLOSUM50": (13, 2),
    "BLOSUM62": (11, 1),
    "BLOSUM80": (10, 1),
    "BLOSUM90": (10, 1),
    "PAM30": (9, 1),
    "PAM70": (10, 1),
    "PAM250": (14, 2),
}
"""What opening and extending a gap costs by default beside each matrix, as in blastp."""

_UNGAPPED = (0, 0)
_PROTEIN: dict[str, dict[tuple[int, int], tuple[float, float, float, float, float]]] = {
    "BLOSUM45": {_UNGAPPED: (0.2291, 0.0924, 0.2514, 0.9113, -5.7), (14, 2): (0.195, 0.032, 0.10, 1.9, -36)},
    "BLOSUM50": {_UNGAPPED: (0.2318, 0.112, 0.3362, 0.6895, -4.0), (13, 2): (0.193, 0.035, 0.12, 1.6, -32)},
    "BLOSUM62": {
        _UNGAPPED: (0.3176, 0.134, 0.4012, 0.7916, -3.2),
        (11, 2): (0.297, 0.082, 0.27, 1.1, -10),
        (10, 2): (0.291, 0.075, 0.23, 1.3, -15),
        (9, 2): (0.279, 0.058, 0.19, 1.5, -19),
        (8, 2): (0.264, 0.045, 0.15, 1.8, -26),
        (7, 2): (0.239, 0.027, 0.10, 2.5, -46),
        (6, 2): (0.201, 0.012, 0.061, 3.3, -58),
        (13, 1): (0.292, 0.071, 0.23, 1.2, -11),
        (12, 1): (0.283, 0.059, 0.19, 1.5, -19),
        (11, 1): (0.267, 0.041, 0.14, 1.9, -30),
        (10, 1): (0.243, 0.024, 0.10, 2.5, -44),
        (9, 1): (0.206, 0.010, 0.052, 4.0, -87),
    },
    "BLOSUM80": {_UNGAPPED: (0.3430, 0.177, 0.6568, 0.5222, -1.6), (10, 1): (0.299, 0.071, 0.27, 1.1, -14)},
    "BLOSUM90": {_UNGAPPED: (0.3346, 0.190, 0.7547, 0.4434, -1.4), (10, 1): (0.290, 0.075, 0.28, 1.04, -15)},
    "PAM30": {_UNGAPPED: (0.3400, 0.283, 1.754, 0.1938, -0.3), (9, 1): (0.294, 0.11, 0.61, 0.48, -6)},
    "PAM70": {_UNGAPPED: (0.3345, 0.229, 1.029, 0.3250, -0.7), (10, 1): (0.291, 0.091, 0.41, 0.71, -9)},
    "PAM250": {_UNGAPPED: (0.2252, 0.0868, 0.2223, 0.98, -5.0), (14, 2): (0.182, 0.024, 0.073, 2.5, -53)},
}
_NUCLEOTIDE: dict[tuple[int, int], dict[tuple[int, int], tuple[float, float, float, float, float]]] = {
    (1, -2): {
        (0, 0): (1.28, 0.46, 0.85, 1.5, -2),
        (2, 2): (1.33, 0.62, 1.1, 1.2, 0),
        (1, 2): (1.30, 0.52, 0.93, 1.4, -2),
        (0, 2): (1.19, 0.34, 0.66, 1.8, -3),
        (3, 1): (1.32, 0.57, 1.0, 1.3, -1),
        (2, 1): (1.29, 0.49, 0.92, 1.4, -1),
        (1, 1): (1.14, 0.26, 0.52, 2.2, -5),
    },
    (2, -3): {
        (0, 0): (0.55, 0.21, 0.46, 1.2, -5),
        (4, 4): (0.63, 0.42, 0.84, 0.75, -2),
        (2, 4): (0.615, 0.37, 0.72, 0.85, -3),
        (0, 4): (0.55, 0.21, 0.46, 1.2, -5),
        (3, 3): (0.615, 0.37, 0.68, 0.9, -3),
        (6, 2): (0.63, 0.42, 0.84, 0.75, -2),
        (5, 2): (0.625, 0.41, 0.78, 0.8, -2),
        (4, 2): (0.61, 0.35, 0.68, 0.9, -3),
        (2, 2): (0.515, 0.14, 0.33, 1.55, -9),
    },
}
_ROUNDED_DOWN = {(2, -3)}
"""Rewards and penalties whose parameters are those of even scores: an odd one has the E-value of the one below."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the scores of chance matches under one scheme.

    Parameters
    ----------
    scale : float
        λ: what one unit of raw score is worth, in nats.
    kappa : float
        K.
    entropy : float
        H, the expected score of a column in nats.
    alpha, beta : float
        The expected length of a match of raw score *s* is ``alpha * s + beta``.
    round_down : bool
        Whether the E-value of an odd score is that of the even one below.
    """

    scale: float
    kappa: float
    entropy: float
    alpha: float
    beta: float
    round_down: bool = False

    def bit_score(self, raw: float) -> float:
        """Return the score in bits: independent of the scheme."""
        return (self.scale * raw - math.log(self.kappa)) / math.log(2)

    def raw_score(self, bits: float) -> float:
        """Return the raw score that is worth so many bits."""
        return (bits * math.log(2) + math.log(self.kappa)) / self.scale

    def length_adjustment(self, query_length: int, database_length: int, sequences: int) -> int:
        """Return by how many letters a match shortens the query and each sequence; see :func:`length_adjustment`."""
        ratio = self.alpha / self.scale
        return length_adjustment(
            self.kappa, math.log(self.kappa), ratio, self.beta, query_length, database_length, sequences
        )

    def search_space(self, query_length: int, database_length: int, sequences: int) -> int:
        """Return the number of pairs of letters at which a match could start, ≥ 1."""
        shorter = self.length_adjustment(query_length, database_length, sequences)
        return max(1, query_length - shorter) * max(1, database_length - sequences * shorter)

    def evalue(self, raw: float, query_length: int, database_length: int, sequences: int) -> float:
        """Return how many matches of at least this raw score chance is expected to give.

        Parameters
        ----------
        raw : float
        query_length : int
            Letters of the query.
        database_length : int
            Letters of all that is searched.
        sequences : int
            Into how many sequences they fall.
        """
        return self.expected(raw, self.search_space(query_length, database_length, sequences))

    def expected(self, raw: float, search_space: float) -> float:
        """Return the E-value of a raw score in a search space that is known."""
        return self.kappa * search_space * math.exp(-self.scale * self._counted(raw))

    def least_score(self, evalue: float, search_space: float) -> float:
        """Return the raw score from which E-values are at most `evalue`; an even one where odd ones count as less."""
        score = math.log(self.kappa * search_space / evalue) / self.scale
        return 2.0 * math.ceil(score / 2) if self.round_down else score

    def _counted(self, raw: float) -> float:
        return 2 * (raw // 2) if self.round_down else raw


def protein_statistics(matrix: str, gap_open: int | None, gap_extend: int | None) -> Statistics | None:
    """Return the parameters of a matrix with its gap costs (both None: without gaps); None if they are not tabled."""
    costs = _UNGAPPED if gap_open is None or gap_extend is None else (gap_open, gap_extend)
    if gap_open == 0 and gap_extend == 0:
        return None
    found = _PROTEIN.get(matrix, {}).get(costs)
    return Statistics(*found) if found else None


def nucleotide_statistics(reward: int, penalty: int, gap_open: int, gap_extend: int) -> Statistics | None:
    """Return the parameters of a reward and a penalty (below 0) with gap costs; None if they are not tabled."""
    found = _NUCLEOTIDE.get((reward, penalty), {}).get((gap_open, gap_extend))
    return Statistics(*found, (reward, penalty) in _ROUNDED_DOWN) if found else None


def length_adjustment(
    kappa: float,
    log_kappa: float,
    alpha_over_scale: float,
    beta: float,
    query_length: int,
    database_length: int,
    sequences: int,
) -> int:
    """Return the expected length of the best chance match, which no match can start within of an end.

    It is the largest whole number ℓ with ``ℓ ≤ α/λ · (ln K + ln((m − ℓ)(n − Nℓ))) + β``, found by iteration, and at
    most so large that the space left over is no smaller than the longer of both lengths, over K; 0 if none is.

    Parameters
    ----------
    kappa, log_kappa : float
        K and ln K.
    alpha_over_scale, beta : float
        α/λ and β.
    query_length, database_length, sequences : int
        m, n and N.

    Notes
    -----
    Follows the iteration of NCBI BLAST, so that results are the same where that does not converge in 20 steps.
    """
    m, n, parts = float(query_length), float(database_length), float(sequences)
    room = n * m - max(m, n) / kappa
    if room <= 0:
        return 0
    both = m * parts + n
    most = 2 * room / (both + math.sqrt(max(0.0, both * both - 4 * parts * room)))

    def expected(length: float) -> float:
        return alpha_over_scale * (log_kappa + math.log((m - length) * (n - parts * length))) + beta

    low, high, converged = _narrowed(expected, most)
    whole = math.ceil(low)
    return whole if converged and whole <= high and expected(whole) >= whole else int(low)


def _narrowed(expected: Callable[[float], float], most: float) -> tuple[float, float, bool]:
    """Return bounds of the point where a length is as expected, and whether the lower one is within 1 of it."""
    low, high, at = 0.0, most, 0.0
    for step in range(20):
        then = expected(at)
        if then < at:
            high = at
        elif then - at <= 1.0:
            return at, high, True
        elif at == high:
            return at, high, False
        else:
            low = at
        middle = high if step == 0 else (low + high) / 2
        at = then if low <= then <= high else middle
    return low, high, False
