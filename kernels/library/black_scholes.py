"""Prices of European call and put options by the Black-Scholes formula."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = size["options"]
    return rng.uniform(5.0, 30.0, n), rng.uniform(1.0, 100.0, n), rng.uniform(0.25, 10.0, n), 0.02, 0.3


def normal_cdf(x):
    k = 1.0 / (1.0 + 0.2316419 * np.abs(x))
    tail = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    value = 1.0 - 0.3989422804014327 * np.exp(-0.5 * x * x) * tail
    return np.where(x < 0, 1.0 - value, value)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"options": 9},
        "verify": {"options": 1009},
        "benchmark": {"options": 100_000},
        "large": {"options": 500_000},
    },
    finite=True,
    source="Black and Scholes 1973; the normal distribution by formula 26.2.17 of Abramowitz and Stegun",
)
def black_scholes(spot, strike, years, rate, volatility):
    root = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * years) / root
    d2 = d1 - root
    discounted = strike * np.exp(-rate * years)
    call = spot * normal_cdf(d1) - discounted * normal_cdf(d2)
    put = discounted * normal_cdf(-d2) - spot * normal_cdf(-d1)
    return call, put
