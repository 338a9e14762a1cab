"""From prices to a certificate: whole prices, exact shares, and the bound that follows by addition."""

from __future__ import annotations

from services.matcher.engine.instance import Certificate
from services.matcher.engine.prices import SCALE, Prices, Relaxation


def certify(relaxation: Relaxation, prices: Prices) -> Certificate:
    """The certificate of these prices, rounded to whole hundredths; valid for any prices of at least 0."""
    shares = relaxation.shares(prices)
    best, _ = relaxation.solve(shares.share)
    bound = relaxation.bound(shares, best)
    return Certificate(shares.wish, shares.row, shares.share, best.copy(), bound, shares.lift)


def points(certificate: Certificate) -> int:
    """The bound in whole points: values are whole, so that what is left of a point proves nothing more."""
    return certificate.bound // SCALE
