"""Build the optional C kernels; without a compiler the package installs all the same and uses NumPy."""

from setuptools import Extension, setup

PARTS = ["voting", "graphs", "matching", "peaklists", "peakindex", "sketch", "motifs", "hspband", "hsps"]
PARTS += ["residues", "translated", "melody", "humming", "landmarks", "loudness", "contours"]

setup(
    ext_modules=[
        Extension(
            "nlsearch._kernels",
            sources=["src/nlsearch/_kernels.c"],
            depends=[f"src/nlsearch/_{part}.c" for part in PARTS],
            extra_compile_args=["-O3", "-std=c11", "-fno-math-errno"],
            optional=True,
        )
    ]
)
