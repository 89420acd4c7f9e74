"""Makes the golden files of this folder. Run with NumPy; see README.md."""
import pathlib

import numpy as np

here = pathlib.Path(__file__).parent
kinds = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "c8", "c16"]


def ramp(kind):
    """2 x 3 x 4, element number i holds i (truth: i odd; complex: i - i j)."""
    values = np.arange(24).reshape(2, 3, 4)
    if kind == "b1":
        return (values % 2).astype("?")
    return (values - 1j * values if kind[0] == "c" else values).astype(kind)


arrays = {kind: ramp(kind) for kind in kinds}
arrays |= {f"{kind}.big": ramp(kind).astype(">" + kind) for kind in kinds}
arrays |= {f"{kind}.fortran": np.asfortranarray(ramp(kind)) for kind in kinds}
arrays["scalar"] = np.float32(1.5)
arrays["empty"] = np.zeros((0, 3), "f4")
arrays["vector"] = np.arange(5, dtype="f4")
arrays["layer/weight \u00e9"] = np.ones((1, 1), "f8")
np.savez(here / "savez.npz", **arrays)
np.savez_compressed(here / "compressed.npz", big=ramp("f4").astype(">f4"), fortran=np.asfortranarray(ramp("i8")), zeros=np.zeros(100000, "f4"))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(here / f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, ramp("f4"), version=version)
np.savez(
    here / "refused.npz",
    objects=np.array([{}, None], dtype=object),
    records=np.zeros(2, dtype=[("x", "f4"), ("y", "i4", (2,))]),
    text=np.array(["a"]),
    bytes=np.array([b"a"]),
    dates=np.array(["2020-01-01"], dtype="M8[D]"),
    raw=np.zeros(2, "V2"),
    numbers=np.zeros(2),
)
