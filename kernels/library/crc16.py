"""Cyclic redundancy check of 16 bits over a message, bit by bit, in unsigned integers."""
import numpy as np

import kernwright

POLYNOMIAL = 0x8408


def make_inputs(size, rng):
    return (rng.integers(0, 256, size["bytes"], dtype=np.uint8),)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"bytes": 9},
        "verify": {"bytes": 251},
        "benchmark": {"bytes": 20_000},
        "large": {"bytes": 200_000},
    },
    source="crc16 of NPBench (CRC-16/X-25, its bytes swapped), scalar Python as it stands in drivers",
)
def crc16(data):
    crc = 0xFFFF
    for byte in data:
        current = 0xFF & int(byte)
        for _ in range(8):
            if (crc & 0x0001) ^ (current & 0x0001):
                crc = (crc >> 1) ^ POLYNOMIAL
            else:
                crc >>= 1
            current >>= 1
    crc = ~crc & 0xFFFF
    return ((crc << 8) | ((crc >> 8) & 0xFF)) & 0xFFFF
